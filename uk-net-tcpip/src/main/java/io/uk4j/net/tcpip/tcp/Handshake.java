package io.uk4j.net.tcpip.tcp;

import io.uk4j.net.tcpip.Interceptor;
import io.uk4j.net.tcpip.TcpState;
import org.jspecify.annotations.Nullable;

/** How a connection comes to be: passively, out of a SYN for a listener, or actively; and what both ends agree on. */
final class Handshake {
    private final TcpTransport tcp;

    Handshake(TcpTransport tcp) {
        this.tcp = tcp;
    }

    /**
     * A SYN has come for a listener (RFC 9293, section 3.10.7.2). Payload that comes with it is not taken: it comes again.
     *
     * @param replaced the connection in TIME-WAIT whose place it takes, as {@link TimeWaits#isReusedBy} allowed; its last
     *     sequence number bounds the new ones
     */
    void passiveOpen(Listener listener, Segment s, @Nullable TimeWait replaced, long nowNs) {
        TcpDrop refusal = listener.refusal();
        if (refusal == null && tcp.isFull()) {
            refusal = TcpDrop.CONNECTION_LIMIT;
        }
        if (refusal != null) {
            tcp.counters.drop(refusal);
            return;
        }
        listener.add(begin(s, replaced, nowNs));
    }

    /**
     * A SYN has come for another host. Arguments as for {@link #passiveOpen}.
     *
     * @param interceptor decides whether it is refused, or else when it is answered
     */
    void intercept(Interceptor interceptor, Segment s, @Nullable TimeWait replaced, long nowNs) {
        if (tcp.isFull()) {
            tcp.counters.drop(TcpDrop.CONNECTION_LIMIT);
            return;
        }
        Connection c = begin(s, replaced, nowNs);
        c.isHeld = true;
        try {
            c.handler = interceptor.tryConnect(c);
        } catch (RuntimeException e) {
            tcp.handlerFailed(c, e);
            return;
        }
        if (c.handler == null) {
            c.abort();
        }
    }

    private Connection begin(Segment s, @Nullable TimeWait replaced, long nowNs) {
        if (replaced != null) {
            tcp.timeWaits.remove(replaced);
            tcp.counters.timeWaitReused.increment();
        }
        Connection c = new Connection(tcp, s.destinationAddress, s.destinationPort, s.sourceAddress, s.sourcePort);
        int isn = tcp.nextIsn(c, nowNs);
        if (replaced != null && Seq.atOrBefore(isn, replaced.sndNxt)) {
            // RFC 9293, section 3.6.1: beyond all that the old connection has sent.
            isn = replaced.sndNxt + 0x10001;
        }
        open(c, isn, TcpState.SYN_RECEIVED, nowNs);
        takeOptions(c, s, nowNs);
        c.snd.wnd = s.window;
        c.snd.maxWnd = s.window;
        c.snd.wl1 = s.seq;
        return c;
    }

    void activeOpen(Connection c, long nowNs) {
        open(c, tcp.nextIsn(c, nowNs), TcpState.SYN_SENT, nowNs);
    }

    private void open(Connection c, int isn, TcpState state, long nowNs) {
        c.snd.start(isn);
        c.recovery.start(isn);
        c.snd.mss = pathMss(c);
        c.tsOffset = tcp.timestampOffset(c);
        c.lastReceivedNs = nowNs;
        c.lastSentNs = nowNs;
        c.state = state;
        tcp.opened(c);
    }

    /** What fits into a packet on the way there, without options (RFC 9293, section 3.7.1). */
    private int pathMss(Connection c) {
        return Math.max(SendState.MIN_MSS, tcp.output.mtuBytes(c.remoteAddress) - 40);
    }

    /** What the peer's SYN offers, and this side offers too. */
    static void takeOptions(Connection c, Segment s, long nowNs) {
        c.rcv.start(s.seq);
        // What a SYN offers is not scaled (RFC 7323, section 2.2).
        c.rcv.edge = c.rcv.nxt + Math.min(c.rcv.queue.space(), 0xffff);
        c.timestamps = s.hasTimestamps;
        c.tsRecent = s.tsValue;
        c.tsRecentAtNs = nowNs;
        c.sackPermitted = s.sackPermitted;
        if (s.windowScale >= 0) {
            c.snd.scale = s.windowScale;
            c.rcv.scale = c.tcp.settings.windowScale;
        }
        c.snd.peerMss = s.mss == 0 ? SendState.DEFAULT_MSS : Math.max(SendState.MIN_MSS, s.mss);
        c.snd.mss = Math.min(c.snd.mss, c.snd.peerMss);
    }
}
