package io.uk4j.core;

import java.util.concurrent.RejectedExecutionException;

/**
 * One thread that polls its duties, fires its timers and runs the tasks that others hand it. All that it owns (stacks,
 * queue pairs, buffers) is used without locks.
 *
 * <p>Thread rule: {@link #tryExecute}, {@link #execute}, {@link #inLoop} and {@link #clock} are shared; the rest is
 * loop-owned.
 */
public interface EventLoop {
    /** The clock that this loop lives by. */
    Clock clock();

    /** Whether the caller runs on this loop: on its thread, or as a fiber that it carries. */
    boolean inLoop();

    /**
     * Adds a duty, to be polled in every round from the next one on.
     *
     * @param duty not yet added
     */
    void add(Duty duty);

    /**
     * Takes a duty out; it is polled no more once this returns. Has no effect if it was not there.
     *
     * @param duty what was added
     */
    void remove(Duty duty);

    /**
     * The waiter that this loop sleeps on, to which a duty registers the sources of its devices.
     */
    Waiter waiter();

    /**
     * Makes a timer, not yet scheduled. A connection makes its timers once and keeps them for life.
     *
     * @param action what to do on the loop when the deadline has come
     */
    Timer newTimer(Runnable action);

    /**
     * Hands a task to the loop, to be run in one of its next rounds, in the order of arrival.
     *
     * @param task what to run; an exception that it throws is logged and counted, and the loop goes on
     * @return false if the inbox is full or the loop has ended: the task was not taken
     */
    boolean tryExecute(Runnable task);

    /**
     * Like {@link #tryExecute}, for callers to whom a refusal is a failure.
     *
     * @param task what to run
     * @throws RejectedExecutionException if the inbox is full or the loop has ended
     */
    default void execute(Runnable task) {
        if (!tryExecute(task)) {
            throw new RejectedExecutionException("The loop's inbox is full, or the loop has ended.");
        }
    }
}
