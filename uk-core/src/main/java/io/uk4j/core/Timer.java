package io.uk4j.core;

/**
 * A reusable timer of one event loop. Scheduling and cancelling take constant time and allocate nothing.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Timer {
    /**
     * Schedules the timer, or moves it if it is scheduled already. It fires once, at or after the deadline and not more
     * than one tick of the loop's wheel (1 ms unless configured) plus one round late.
     *
     * @param deadlineNs a time of {@link Clock#nowNs()}; one in the past fires in the next round
     */
    void schedule(long deadlineNs);

    /** Takes the timer back: it does not fire until it is scheduled again. Has no effect if it is not scheduled. */
    void cancel();

    /** Whether the timer waits to fire. It no longer does when its action starts. */
    boolean isScheduled();

    /** The deadline last scheduled; meaningless before the first one. */
    long deadlineNs();
}
