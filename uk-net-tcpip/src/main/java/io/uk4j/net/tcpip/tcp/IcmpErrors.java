package io.uk4j.net.tcpip.tcp;

import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.IcmpError;

/** What ICMP errors do to connections: as little as RFC 5927 advises, since anybody can send them. */
final class IcmpErrors {
    /** Attackers ask for tiny segments; no link that TCP runs over needs them (RFC 1191, section 7.1; RFC 5927, section 7). */
    private static final int MIN_PATH_MTU = 552;

    private final TcpTransport tcp;

    IcmpErrors(TcpTransport tcp) {
        this.tcp = tcp;
    }

    void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {
        int sourcePort = (int) (transportHead >>> 48);
        int destinationPort = (int) (transportHead >>> 32) & 0xffff;
        int seq = (int) transportHead;
        if (!(tcp.table.find(source, sourcePort, destination, destinationPort) instanceof Connection c)
                || Seq.before(seq, c.snd.una)
                || Seq.atOrAfter(seq, c.snd.nxt)) {
            tcp.counters.drop(TcpDrop.ICMP_QUOTE);
            return;
        }
        boolean opening = c.state == TcpState.SYN_SENT || c.state == TcpState.SYN_RECEIVED;
        switch (kind) {
            case PROTOCOL_UNREACHABLE, PORT_UNREACHABLE -> {
                if (opening) {
                    c.finish(TcpCloseReason.REFUSED);
                } else {
                    note(c);
                }
            }
            case UNREACHABLE, TIME_EXCEEDED -> note(c);
            case TOO_BIG -> lowerSegmentSize(c, mtuBytes);
        }
    }

    private void note(Connection c) {
        tcp.counters.softErrors.increment();
        c.hasSoftError = true;
    }

    private void lowerSegmentSize(Connection c, int mtuBytes) {
        tcp.output.lowerMtu(c.remoteAddress, mtuBytes);
        int mss = Math.min(c.snd.peerMss, Math.max(mtuBytes, MIN_PATH_MTU) - 40);
        if (mss >= c.snd.mss) {
            return;
        }
        tcp.counters.pathMtuLowered.increment();
        c.snd.mss = mss;
        c.congestion.onSegmentSize(c.fullSegmentBytes());
        // It was not congestion that took the segment: it goes out again at once, in smaller ones.
        if (c.snd.isUnderWay() && c.state != TcpState.SYN_SENT && c.state != TcpState.SYN_RECEIVED) {
            c.snd.cursor = c.snd.una;
            c.snd.retransmitFirst = false;
            c.stopTiming();
            tcp.needsOutput(c);
        }
    }
}
