package io.uk4j.net.tcpip.tcp;

import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpState;

/** What happens when a deadline of a connection has come (RFC 6298, section 5; RFC 9293, sections 3.8.3 to 3.8.6). */
final class Timeouts {
    private final TcpTransport tcp;

    Timeouts(TcpTransport tcp) {
        this.tcp = tcp;
    }

    void onRetransmit(Connection c, long nowNs) {
        if (!c.snd.isUnderWay()) {
            return;
        }
        tcp.counters.timeouts.increment();
        c.timeoutCount++;
        if (++c.timers.retries > retryLimit(c) || isOverUserTimeout(c, nowNs)) {
            giveUp(c);
            return;
        }
        c.rtt.backOff();
        c.congestion.onTimeout(c.snd.inFlight(), c.timers.retries > 1);
        c.recovery.onTimeout(c.snd);
        c.snd.retransmitFirst = false;
        c.snd.cursor = c.snd.una;
        c.stopTiming();
        tcp.needsOutput(c);
    }

    /** Never gives up while the peer answers probes, however long its window stays closed (RFC 9293, section 3.8.6.1). */
    void onPersist(Connection c, long nowNs) {
        if (c.timers.unansweredProbes > tcp.settings.retries || isOverUserTimeout(c, nowNs)) {
            giveUp(c);
            return;
        }
        if (c.timers.unansweredProbes++ == 0) {
            c.timers.stalledSinceNs = nowNs;
        }
        c.timers.persistDoublings++;
        c.snd.windowProbe = true;
        tcp.needsOutput(c);
    }

    void onKeepAlive(Connection c, long nowNs) {
        long idleUntilNs = c.lastReceivedNs + c.keepAliveNs;
        if (c.keepAliveNs == 0) {
            return;
        }
        if (nowNs - idleUntilNs < 0 || c.snd.isUnderWay() || c.timers.isPersisting()) {
            c.timers.startKeepAlive(Math.max(idleUntilNs, nowNs + tcp.settings.keepAliveIntervalNs));
            return;
        }
        if (c.timers.unansweredProbes >= tcp.settings.keepAliveProbes) {
            giveUp(c);
            return;
        }
        c.timers.unansweredProbes++;
        c.snd.keepAliveProbe = true;
        tcp.needsOutput(c);
        c.timers.startKeepAlive(nowNs + tcp.settings.keepAliveIntervalNs);
    }

    /** The application has closed, and the peer has acknowledged that but does not end. */
    void onLinger(Connection c) {
        if (c.state == TcpState.FIN_WAIT_2) {
            c.finish(TcpCloseReason.NORMAL);
        }
    }

    private int retryLimit(Connection c) {
        return switch (c.state) {
            case SYN_SENT -> tcp.settings.synRetries;
            case SYN_RECEIVED -> tcp.settings.synAckRetries;
            default -> tcp.settings.retries;
        };
    }

    private boolean isOverUserTimeout(Connection c, long nowNs) {
        return tcp.settings.userTimeoutNs > 0 && nowNs - c.timers.stalledSinceNs >= tcp.settings.userTimeoutNs;
    }

    private void giveUp(Connection c) {
        tcp.counters.connectionsTimedOut.increment();
        c.finish(c.hasSoftError ? TcpCloseReason.UNREACHABLE : TcpCloseReason.TIMED_OUT);
    }
}
