package io.uk4j.net.tcpip.tcp;

import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpState;

/** What the ACK and window fields of a segment say (RFC 9293, section 3.10.7.4, fifth step; RFC 5681; RFC 5961). */
final class Acknowledgements {
    private final TcpTransport tcp;

    Acknowledgements(TcpTransport tcp) {
        this.tcp = tcp;
    }

    /** RFC 5961, section 5.2: not beyond what was sent, and not older than the largest window. */
    boolean acceptable(Connection c, Segment s) {
        SendState snd = c.snd;
        return Seq.atOrBefore(s.ack, snd.nxt) && Seq.atOrAfter(s.ack, snd.una - Math.max(snd.maxWnd, 1));
    }

    void process(Connection c, Segment s, long nowNs) {
        SendState snd = c.snd;
        int window = s.window << snd.scale;
        if (Seq.after(s.ack, snd.una)) {
            advance(c, s, nowNs);
        } else if (s.ack == snd.una && isDuplicate(snd, s, window)) {
            tcp.counters.duplicateAcks.increment();
            if (c.recovery.onDuplicate(snd, c.congestion)) {
                tcp.counters.fastRecoveries.increment();
                c.fastRecoveryCount++;
            }
        }
        if (Seq.atOrAfter(s.ack, snd.una)) {
            updateWindow(c, s, window);
        }
        if (snd.isFinAcknowledged()) {
            finAcknowledged(c, nowNs);
        }
    }

    /** RFC 5681, section 2. */
    private static boolean isDuplicate(SendState snd, Segment s, int window) {
        return s.seqBytes() == 0 && snd.isUnderWay() && window == snd.wnd;
    }

    private void advance(Connection c, Segment s, long nowNs) {
        SendState snd = c.snd;
        int acked = s.ack - snd.una;
        boolean windowLimited = isWindowLimited(c);
        c.measure(s, nowNs);
        c.rtt.forgetBackoff();
        snd.una = s.ack;
        snd.cursor = Seq.max(snd.cursor, s.ack);
        snd.shortEnd = Seq.max(snd.shortEnd, s.ack);
        snd.retransmitFirst = false;
        int queued = snd.queue.bytes.bytes();
        snd.queue.acknowledge(s.ack);
        c.bytesSent += queued - snd.queue.bytes.bytes();
        c.hasSoftError = false;
        c.recovery.onAcknowledged(snd, c.congestion, acked, windowLimited);
        c.timers.onProgress(nowNs, snd.isUnderWay());
        c.offerSpace();
    }

    /** In slow start half of the window counts as full, as bursts fill it only now and then (RFC 7661). */
    private static boolean isWindowLimited(Connection c) {
        long inFlight = c.snd.inFlight();
        int window = c.congestion.windowBytes();
        return window < c.congestion.slowStartThresholdBytes()
                ? 2 * inFlight >= window
                : inFlight + c.snd.mss >= window;
    }

    private void updateWindow(Connection c, Segment s, int window) {
        SendState snd = c.snd;
        boolean newer = Seq.before(snd.wl1, s.seq) || (snd.wl1 == s.seq && Seq.atOrBefore(snd.wl2, s.ack));
        if (!newer) {
            return;
        }
        snd.wl1 = s.seq;
        snd.wl2 = s.ack;
        if (window > snd.wnd && c.timers.isPersisting()) {
            c.timers.stopPersist();
        }
        snd.wnd = window;
        snd.maxWnd = Math.max(snd.maxWnd, window);
    }

    private void finAcknowledged(Connection c, long nowNs) {
        switch (c.state) {
            case FIN_WAIT_1 -> {
                c.state = TcpState.FIN_WAIT_2;
                if (c.isInputClosed()) {
                    c.startLinger(nowNs);
                }
            }
            case CLOSING -> c.enterTimeWait(nowNs);
            case LAST_ACK -> c.finish(TcpCloseReason.NORMAL);
            default -> {
                // Nothing new.
            }
        }
    }
}
