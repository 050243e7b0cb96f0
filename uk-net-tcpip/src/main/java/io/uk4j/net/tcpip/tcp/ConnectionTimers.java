package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;

/**
 * The deadlines of a connection, on two timers of the loop. A deadline that moves back, as that of retransmission does with
 * each acknowledgement, leaves the timer alone: it fires early and is scheduled again.
 */
final class ConnectionTimers {
    private static final long NONE = Long.MIN_VALUE;

    private final Connection connection;
    private final Timer timer;
    private final Timer ackTimer;
    private long retransmitAtNs = NONE;
    private long persistAtNs = NONE;
    private long keepAliveAtNs = NONE;
    private long lingerAtNs = NONE;
    private long ackAtNs = NONE;

    /** How often in a row the retransmission timer has fired. */
    int retries;
    /** How often in a row the window was probed. */
    int persistDoublings;
    /** How many probes, of the window or of life, nothing has answered. */
    int unansweredProbes;
    /** Since when something is unacknowledged without progress. */
    long stalledSinceNs;

    ConnectionTimers(Connection connection, EventLoop loop) {
        this.connection = connection;
        timer = loop.newTimer(this::fire);
        ackTimer = loop.newTimer(this::fireAck);
    }

    boolean isPersisting() {
        return persistAtNs != NONE;
    }

    void startRetransmit(long nowNs) {
        if (retransmitAtNs == NONE) {
            if (retries == 0) {
                stalledSinceNs = nowNs;
            }
            restartRetransmit(nowNs);
        }
    }

    /** New data was acknowledged (RFC 6298, rules 5.2 and 5.3). */
    void onProgress(long nowNs, boolean underWay) {
        retries = 0;
        stalledSinceNs = nowNs;
        stopPersist();
        if (underWay) {
            restartRetransmit(nowNs);
        } else {
            retransmitAtNs = NONE;
        }
    }

    private void restartRetransmit(long nowNs) {
        persistAtNs = NONE;
        retransmitAtNs = nowNs + connection.rtt.rtoNs();
        schedule(retransmitAtNs);
    }

    void startPersist(long nowNs) {
        if (persistAtNs == NONE) {
            persistAtNs = nowNs + connection.rtt.rtoNs(persistDoublings);
            schedule(persistAtNs);
        }
    }

    void stopPersist() {
        persistAtNs = NONE;
        persistDoublings = 0;
    }

    void startKeepAlive(long atNs) {
        keepAliveAtNs = atNs;
        schedule(atNs);
    }

    void stopKeepAlive() {
        keepAliveAtNs = NONE;
    }

    void startLinger(long atNs) {
        lingerAtNs = atNs;
        schedule(atNs);
    }

    void startAck(long nowNs) {
        if (ackAtNs == NONE) {
            ackAtNs = nowNs + connection.tcp.settings.delayedAckNs;
            if (!ackTimer.isScheduled()) {
                ackTimer.schedule(ackAtNs);
            }
        }
    }

    void stopAck() {
        ackAtNs = NONE;
    }

    void cancel() {
        retransmitAtNs = NONE;
        persistAtNs = NONE;
        keepAliveAtNs = NONE;
        lingerAtNs = NONE;
        ackAtNs = NONE;
        timer.cancel();
        ackTimer.cancel();
    }

    private void schedule(long atNs) {
        if (!timer.isScheduled() || timer.deadlineNs() - atNs > 0) {
            timer.schedule(atNs);
        }
    }

    private void fireAck() {
        if (ackAtNs == NONE) {
            return;
        }
        long nowNs = connection.tcp.readClock();
        if (nowNs - ackAtNs < 0) {
            ackTimer.schedule(ackAtNs);
        } else {
            ackAtNs = NONE;
            connection.rcv.ackNow = true;
            connection.tcp.needsOutput(connection);
        }
    }

    private void fire() {
        long nowNs = connection.tcp.readClock();
        if (isDue(retransmitAtNs, nowNs)) {
            retransmitAtNs = NONE;
            connection.tcp.timeouts.onRetransmit(connection, nowNs);
        }
        if (isDue(persistAtNs, nowNs)) {
            persistAtNs = NONE;
            connection.tcp.timeouts.onPersist(connection, nowNs);
        }
        if (isDue(keepAliveAtNs, nowNs)) {
            keepAliveAtNs = NONE;
            connection.tcp.timeouts.onKeepAlive(connection, nowNs);
        }
        if (isDue(lingerAtNs, nowNs)) {
            lingerAtNs = NONE;
            connection.tcp.timeouts.onLinger(connection);
        }
        if (connection.isOpen()) {
            reschedule(retransmitAtNs);
            reschedule(persistAtNs);
            reschedule(keepAliveAtNs);
            reschedule(lingerAtNs);
        }
    }

    private void reschedule(long atNs) {
        if (atNs != NONE) {
            schedule(atNs);
        }
    }

    private static boolean isDue(long atNs, long nowNs) {
        return atNs != NONE && nowNs - atNs >= 0;
    }
}
