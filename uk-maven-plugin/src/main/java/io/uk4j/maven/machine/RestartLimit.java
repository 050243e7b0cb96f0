package io.uk4j.maven.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * How often a machine may restart: a boot layer that faults resets it as one does that was asked to, and would do so for ever.
 *
 * <p>Thread rule: for one thread.
 */
final class RestartLimit {
    /** So many restarts are too many. */
    static final int COUNT = 5;

    /** Within this time. */
    static final int SECONDS = 60;

    /** SeaBIOS answers a reset of a running machine with one or more of its own, which belong to the same restart. */
    private static final long SETTLE_NS = TimeUnit.SECONDS.toNanos(1);

    private final Deque<Long> timesNs = new ArrayDeque<>();

    /**
     * Takes note of a reset.
     *
     * @param nowNs when it is, on any clock that goes on
     * @return whether a restart begins with it
     */
    boolean begins(long nowNs) {
        if (!timesNs.isEmpty() && nowNs - timesNs.getLast() < SETTLE_NS) {
            return false;
        }
        timesNs.addLast(nowNs);
        if (timesNs.size() > COUNT) {
            timesNs.removeFirst();
        }
        return true;
    }

    /** Whether the last restart was one too many. */
    boolean isReached() {
        return timesNs.size() == COUNT && timesNs.getLast() - timesNs.getFirst() <= TimeUnit.SECONDS.toNanos(SECONDS);
    }
}
