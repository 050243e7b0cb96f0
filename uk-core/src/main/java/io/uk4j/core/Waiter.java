package io.uk4j.core;

/**
 * Puts one event loop to sleep until something wants it: a source, a deadline, or another thread. There is one waiter
 * per loop.
 *
 * <p>Thread rule: {@link #wakeup()} is shared; everything else belongs to the loop that the waiter was made for.
 */
public interface Waiter extends AutoCloseable {
    /**
     * Adds a source that may end a wait from now on. Registering a source twice has no further effect.
     *
     * @param source a source of a kind that this platform's devices use, a {@link SignalSource}, or a {@link JointSource}
     *     of such
     * @throws IllegalArgumentException if the source is of a kind that this platform cannot wait for
     */
    void register(WaitSource source);

    /**
     * Takes a source out. Has no effect if it is not registered.
     *
     * @param source what was registered
     */
    void unregister(WaitSource source);

    /**
     * Sleeps until a source signals, {@link #wakeup()} is called, or the deadline has come. A wake-up or a signal that
     * came since the last return is not lost: it ends this wait at once. May return early for no reason.
     *
     * @param deadlineNs in the time of {@link Clock#nowNs()}; {@link Duty#NO_DEADLINE} waits without bound; a deadline
     *     in the past only looks and does not sleep
     * @return true if a source or a wake-up ended the wait, false if the deadline did
     */
    boolean await(long deadlineNs);

    /** Ends the current wait, or else the next one. Any thread may call it; it never blocks. */
    void wakeup();

    /** Frees what the waiter holds. No wait may be under way. Closing twice has no further effect. */
    @Override
    void close();
}
