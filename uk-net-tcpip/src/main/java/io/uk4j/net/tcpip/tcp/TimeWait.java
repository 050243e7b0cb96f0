package io.uk4j.net.tcpip.tcp;

import org.jspecify.annotations.Nullable;

/** What is left of a connection in TIME-WAIT: enough to answer, and to tell old segments from a new connection's. */
final class TimeWait extends Flow {
    final int sndNxt;
    final int rcvNxt;
    final int window;
    final boolean timestamps;
    final int tsOffset;
    final int tsRecent;
    long deadlineNs;

    @Nullable
    TimeWait previous;

    @Nullable
    TimeWait next;

    TimeWait(Connection c) {
        super(c.localAddress, c.localPort, c.remoteAddress, c.remotePort);
        sndNxt = c.snd.nxt;
        rcvNxt = c.rcv.nxt;
        window = Math.min(c.rcv.window() >>> c.rcv.scale, 0xffff);
        timestamps = c.timestamps;
        tsOffset = c.tsOffset;
        tsRecent = c.tsRecent;
    }
}
