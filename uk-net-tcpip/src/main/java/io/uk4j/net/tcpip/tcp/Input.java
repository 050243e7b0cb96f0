package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.Packet;

/**
 * A segment arrives for a connection (RFC 9293, section 3.10.7, with the checks of RFC 7323 and RFC 5961). Sends nothing:
 * marks what the connection owes.
 */
final class Input {
    /** RFC 5961, section 7: invalid segments of a connection are answered no more often. */
    private static final long INVALID_ACK_INTERVAL_NS = 500_000_000L;

    /** RFC 7323, section 5.5: after 24 days of silence, the recent timestamp is no longer comparable. */
    private static final long TIMESTAMP_LIFETIME_NS = 24L * 24 * 3600 * 1_000_000_000L;

    /** How much memory, beyond the payload limit, what was received in order may keep. */
    private static final int RECEIVE_SLOTS_FACTOR = 3;

    private final TcpTransport tcp;
    private final Acknowledgements acknowledgements;

    Input(TcpTransport tcp) {
        this.tcp = tcp;
        acknowledgements = new Acknowledgements(tcp);
    }

    void segment(Connection c, Segment s, Packet packet, long nowNs) {
        if (c.isHeld) {
            held(c, s);
            return;
        }
        if (c.state == TcpState.SYN_SENT) {
            synSent(c, s, nowNs);
            return;
        }
        if (!passesTimestamps(c, s, nowNs) || !passesWindow(c, s, nowNs) || !passesReset(c, s, nowNs)) {
            return;
        }
        if (s.has(Flags.SYN)) {
            // RFC 5961, section 4: whoever has really restarted answers the challenge with a reset.
            tcp.counters.drop(TcpDrop.SYN);
            challenge(c, nowNs);
            return;
        }
        if (!s.has(Flags.ACK)) {
            tcp.counters.drop(TcpDrop.NO_ACK);
            return;
        }
        if (c.state == TcpState.SYN_RECEIVED && !completesHandshake(c, s, nowNs)) {
            return;
        }
        if (!acknowledgements.acceptable(c, s)) {
            tcp.counters.drop(TcpDrop.ACK_RANGE);
            challenge(c, nowNs);
            return;
        }
        hearFrom(c, nowNs);
        noteTimestamp(c, s, nowNs);
        acknowledgements.process(c, s, nowNs);
        if (c.isOpen() && s.seqBytes() > 0) {
            payload(c, s, packet, nowNs);
        }
        if (c.isOpen()) {
            tcp.needsOutput(c);
        }
    }

    /** Nothing was answered yet, so that the peer can only repeat its SYN, or give up. */
    private void held(Connection c, Segment s) {
        if (s.has(Flags.RST) && s.seq == c.rcv.nxt) {
            tcp.counters.resetsReceived.increment();
            c.finish(TcpCloseReason.RESET);
        }
    }

    private void synSent(Connection c, Segment s, long nowNs) {
        boolean acks = s.has(Flags.ACK);
        if (acks && (Seq.atOrBefore(s.ack, c.snd.iss) || Seq.after(s.ack, c.snd.nxt))) {
            tcp.counters.drop(TcpDrop.ACK_RANGE);
            if (!s.has(Flags.RST)) {
                tcp.replies.reset(c, s.ack, 0, Flags.RST);
                tcp.counters.resetsSent.increment();
            }
            return;
        }
        if (s.has(Flags.RST)) {
            if (acks) {
                tcp.counters.resetsReceived.increment();
                c.finish(TcpCloseReason.REFUSED);
            } else {
                tcp.counters.drop(TcpDrop.BLIND_RESET);
            }
            return;
        }
        if (!s.has(Flags.SYN)) {
            tcp.counters.drop(TcpDrop.NOT_SYN);
            return;
        }
        Handshake.takeOptions(c, s, nowNs);
        hearFrom(c, nowNs);
        c.snd.wnd = s.window;
        c.snd.maxWnd = s.window;
        c.snd.wl1 = s.seq;
        c.snd.wl2 = s.ack;
        if (acks) {
            c.snd.una = s.ack;
            c.snd.cursor = s.ack;
            c.measure(s, nowNs);
            c.rtt.forgetBackoff();
            c.timers.onProgress(nowNs, false);
            c.establish(nowNs);
            c.post(Events.CONNECTED);
            c.rcv.ackNow = true;
        } else {
            // Simultaneous open (RFC 9293, figure 8): the SYN is known, the ACK is new; the peer may wait for ours.
            c.state = TcpState.SYN_RECEIVED;
            c.snd.cursor = c.snd.iss;
        }
        tcp.needsOutput(c);
    }

    /** RFC 7323, section 5.3: an older timestamp marks a segment from an earlier turn of the sequence numbers. */
    private boolean passesTimestamps(Connection c, Segment s, long nowNs) {
        if (!c.timestamps || s.has(Flags.RST)) {
            return true;
        }
        if (!s.hasTimestamps) {
            tcp.counters.drop(TcpDrop.NO_TIMESTAMP);
            return false;
        }
        if (Seq.atOrAfter(s.tsValue, c.tsRecent) || nowNs - c.tsRecentAtNs > TIMESTAMP_LIFETIME_NS) {
            return true;
        }
        tcp.counters.drop(TcpDrop.OLD_TIMESTAMP);
        answerInvalid(c, s, nowNs);
        return false;
    }

    /**
     * RFC 9293, section 3.10.7.4, first step. What lies partly outside is trimmed. A segment without data may stand right
     * behind the window: an acknowledgement bears the sender's next number, and that is where the window ends once it is full.
     * To refuse it would be to wait for ever, if both windows are full and a segment was lost in each.
     */
    private boolean passesWindow(Connection c, Segment s, long nowNs) {
        if (c.state == TcpState.SYN_RECEIVED && s.has(Flags.SYN) && s.has(Flags.ACK) && s.seq == c.rcv.irs) {
            // Simultaneous open (RFC 9293, figure 8): the SYN is known, the ACK is new; the peer may wait for ours.
            s.trimFront(1);
            c.rcv.ackNow = true;
        }
        int window = c.rcv.window();
        int length = s.seqBytes();
        boolean acceptable = length == 0
                ? isWithin(s.seq, c.rcv.nxt, window + 1)
                : window > 0
                        && (isWithin(s.seq, c.rcv.nxt, window)
                                || isWithin(s.endSeq() - 1, c.rcv.nxt, window)
                                || (Seq.before(s.seq, c.rcv.nxt) && Seq.after(s.endSeq(), c.rcv.nxt)));
        if (!acceptable) {
            if (window == 0 && s.seq == c.rcv.nxt && s.has(Flags.ACK) && !s.has(Flags.RST | Flags.SYN)) {
                // RFC 9293: with the window closed, valid ACKs are still taken; what comes with them is not.
                s.trimEnd(length);
                tcp.counters.drop(TcpDrop.WINDOW);
                c.rcv.ackNow = true;
                return true;
            }
            tcp.counters.drop(TcpDrop.WINDOW);
            if (c.state == TcpState.SYN_RECEIVED && s.has(Flags.SYN) && s.seq == c.rcv.irs) {
                // Our SYN-ACK was lost: the peer has sent its SYN again.
                c.snd.cursor = c.snd.iss;
                tcp.needsOutput(c);
            } else if (!s.has(Flags.RST)) {
                answerInvalid(c, s, nowNs);
            }
            return false;
        }
        int before = c.rcv.nxt - s.seq;
        if (before > 0) {
            s.trimFront(before);
        }
        int beyond = s.endSeq() - (c.rcv.nxt + window);
        if (beyond > 0 && length > 0) {
            s.trimEnd(beyond);
        }
        return true;
    }

    private static boolean isWithin(int seq, int from, int length) {
        int distance = seq - from;
        return distance >= 0 && distance < length;
    }

    /** RFC 5961, section 3: a reset counts only at the very edge; anywhere else in the window it is asked to prove itself. */
    private boolean passesReset(Connection c, Segment s, long nowNs) {
        if (!s.has(Flags.RST)) {
            return true;
        }
        if (s.seq != c.rcv.nxt) {
            tcp.counters.drop(TcpDrop.BLIND_RESET);
            challenge(c, nowNs);
            return false;
        }
        tcp.counters.resetsReceived.increment();
        c.finish(TcpCloseReason.RESET);
        return false;
    }

    private boolean completesHandshake(Connection c, Segment s, long nowNs) {
        if (Seq.atOrBefore(s.ack, c.snd.una) || Seq.after(s.ack, c.snd.nxt)) {
            tcp.counters.drop(TcpDrop.ACK_RANGE);
            tcp.replies.reset(c, s.ack, 0, Flags.RST);
            tcp.counters.resetsSent.increment();
            return false;
        }
        if (c.listener != null && !c.listener.tryEstablish(c)) {
            // The peer's retransmission, or that of our SYN-ACK, tries again.
            tcp.counters.drop(TcpDrop.ACCEPT_QUEUE_FULL);
            return false;
        }
        c.snd.wl1 = s.seq - 1;
        c.snd.wl2 = s.ack;
        c.establish(nowNs);
        if (c.listener == null) {
            c.post(Events.CONNECTED);
        }
        return true;
    }

    private static void hearFrom(Connection c, long nowNs) {
        if (nowNs - c.lastReceivedNs > c.rtt.rtoNs()) {
            c.rcv.restartQuickAcks();
        }
        c.lastReceivedNs = nowNs;
        c.timers.unansweredProbes = 0;
    }

    /** RFC 7323, section 4.3: only a segment that reaches what was last acknowledged updates the echo. */
    private static void noteTimestamp(Connection c, Segment s, long nowNs) {
        if (c.timestamps && Seq.atOrBefore(s.seq, c.rcv.lastAck) && Seq.atOrAfter(s.tsValue, c.tsRecent)) {
            c.tsRecent = s.tsValue;
            c.tsRecentAtNs = nowNs;
        }
    }

    private void payload(Connection c, Segment s, Packet packet, long nowNs) {
        if (c.rcv.finReceived) {
            return;
        }
        if (s.payloadBytes > 0) {
            if (c.isInputClosed()) {
                tcp.counters.drop(TcpDrop.AFTER_CLOSE);
                c.abort(TcpCloseReason.ABORTED);
                return;
            }
            boolean taken = s.seq == c.rcv.nxt ? takeInOrder(c, s, packet, nowNs) : takeAhead(c, s, packet);
            if (!taken) {
                c.rcv.ackNow = true;
                return;
            }
        }
        if (s.has(Flags.FIN)) {
            c.rcv.finAhead = true;
            c.rcv.finSeq = s.seq + s.payloadBytes;
        }
        if (c.rcv.finAhead && c.rcv.finSeq == c.rcv.nxt) {
            fin(c, nowNs);
        } else if (s.has(Flags.FIN)) {
            c.rcv.ackNow = true;
        }
    }

    private boolean takeInOrder(Connection c, Segment s, Packet packet, long nowNs) {
        if (c.rcv.queue.bytes.slotBytes() >= (long) RECEIVE_SLOTS_FACTOR * tcp.settings.receiveBufferBytes
                || !tcp.memory.takesInOrder()) {
            tcp.counters.drop(TcpDrop.RECEIVE_MEMORY);
            return false;
        }
        int skip = s.skipBytes;
        int left = s.payloadBytes;
        for (int i = 0; left > 0; i++) {
            int length = packet.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int part = Math.min(left, length - skip);
            int offset = packet.offset(i) + skip;
            c.rcv.queue.add(packet.take(i), offset, part);
            left -= part;
            skip = 0;
        }
        int received = s.payloadBytes;
        if (!c.rcv.reassembly.isEmpty()) {
            received += c.rcv.reassembly.drainTo(c.rcv.queue, c.rcv.nxt + received);
            // RFC 5681, section 4.2: a segment that fills a gap is acknowledged at once.
            c.rcv.ackNow = true;
        }
        c.rcv.nxt += received;
        c.bytesReceived += received;
        tcp.counters.bytesReceived.add(received);
        c.rcv.onData((s.payloadBytes + c.snd.mss - 1) / c.snd.mss);
        if (!c.rcv.ackNow) {
            c.timers.startAck(nowNs);
        }
        c.post(Events.READABLE);
        return true;
    }

    private boolean takeAhead(Connection c, Segment s, Packet packet) {
        tcp.counters.outOfOrder.increment();
        Reassembly reassembly = c.rcv.reassembly;
        long slots = c.rcv.queue.bytes.slotBytes() + reassembly.slotBytes();
        if (!reassembly.hasRoom(packet.fragments())
                || slots >= 2L * tcp.settings.receiveBufferBytes
                || !tcp.memory.takesAhead()) {
            tcp.counters.drop(TcpDrop.REASSEMBLY_FULL);
            return false;
        }
        tcp.memory.holds(c);
        int skip = s.skipBytes;
        int seq = s.seq;
        int left = s.payloadBytes;
        for (int i = 0; left > 0; i++) {
            int length = packet.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int part = Math.min(left, length - skip);
            int offset = packet.offset(i) + skip;
            ByteBuf buffer = packet.take(i);
            reassembly.add(buffer, offset, part, seq);
            seq += part;
            left -= part;
            skip = 0;
        }
        c.rcv.ackNow = true;
        return true;
    }

    private void fin(Connection c, long nowNs) {
        c.rcv.finReceived = true;
        c.rcv.nxt++;
        c.rcv.ackNow = true;
        c.rcv.reassembly.clear();
        c.post(Events.PEER_CLOSED);
        switch (c.state) {
            case ESTABLISHED -> c.state = TcpState.CLOSE_WAIT;
            case FIN_WAIT_1 -> c.state = TcpState.CLOSING;
            case FIN_WAIT_2 -> c.enterTimeWait(nowNs);
            default -> {
                // A second FIN does not come this far.
            }
        }
    }

    /** RFC 5961: an ACK that only the real peer can answer rightly. */
    private void challenge(Connection c, long nowNs) {
        if (mayAnswerInvalid(c, nowNs)) {
            tcp.counters.challengeAcks.increment();
            c.rcv.ackNow = true;
            tcp.needsOutput(c);
        }
    }

    /** An ACK that tells the peer where this side is; without a limit two confused ends would answer each other for ever. */
    private void answerInvalid(Connection c, Segment s, long nowNs) {
        if (s.payloadBytes > 0 || mayAnswerInvalid(c, nowNs)) {
            c.rcv.ackNow = true;
            tcp.needsOutput(c);
        }
    }

    private boolean mayAnswerInvalid(Connection c, long nowNs) {
        if (c.hasAnsweredInvalid && nowNs - c.lastInvalidAckNs < INVALID_ACK_INTERVAL_NS) {
            tcp.counters.acksLimited.increment();
            return false;
        }
        c.hasAnsweredInvalid = true;
        c.lastInvalidAckNs = nowNs;
        return true;
    }
}
