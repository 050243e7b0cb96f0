package io.uk4j.core;

/**
 * A piece of work that an event loop polls, and the whole of what a loop knows about it. A loop is itself a duty, and so
 * can be driven by a simulation.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Duty {
    /** The deadline of a duty that waits for nothing but its sources. */
    long NO_DEADLINE = Long.MAX_VALUE;

    /**
     * Does a bounded amount of work and returns. Never blocks.
     *
     * @param nowNs the time of {@link Clock#nowNs()} at the start of this round
     * @return how many units of work were done (frames, tasks, timers); 0 tells the loop that it may idle
     */
    int poll(long nowNs);

    /**
     * When {@link #poll} next has work that no source will announce.
     *
     * @return a time of {@link Clock#nowNs()}, or {@link #NO_DEADLINE}
     */
    default long nextDeadlineNs() {
        return NO_DEADLINE;
    }

    /**
     * Called when the loop is about to sleep: asks the devices behind this duty to signal their sources from now on.
     *
     * @return true if work came before the request took effect, so that the loop must poll again instead of sleeping
     */
    default boolean arm() {
        return false;
    }
}
