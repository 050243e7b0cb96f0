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
    static final int SECONDS = 10;

    private final Deque<Long> timesNs = new ArrayDeque<>();

    /**
     * Counts a restart.
     *
     * @param nowNs when it is, on any clock that goes on
     * @return whether it is one too many
     */
    boolean isReached(long nowNs) {
        timesNs.addLast(nowNs);
        if (timesNs.size() < COUNT) {
            return false;
        }
        return nowNs - timesNs.removeFirst() <= TimeUnit.SECONDS.toNanos(SECONDS);
    }
}
