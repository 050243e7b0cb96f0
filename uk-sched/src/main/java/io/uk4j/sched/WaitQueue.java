package io.uk4j.sched;

import io.uk4j.core.Duty;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where fibers and other threads wait until code on the loop tells them to go on, first come, first served.
 *
 * <p>To wait for a condition on state that the loop owns, give it to {@link #awaitUntil}: it is evaluated on the loop only, and so no
 * change is missed in either {@link FiberMode}. It may also take what it found (a slot, a message), since it is not evaluated again
 * once it was true.
 *
 * <p>Thread rule: the {@code await} methods are shared, with one allocation for each wait; the rest is loop-owned.
 */
public final class WaitQueue {
    private final Loop loop;
    private @Nullable Entry first;
    private @Nullable Entry last;
    private int size;
    private long visits;

    /**
     * Creates an empty queue.
     *
     * @param loop where conditions are evaluated and signals come from
     */
    public WaitQueue(Loop loop) {
        this.loop = loop;
    }

    /**
     * Waits for a signal.
     *
     * @throws InterruptedException if the caller was or is interrupted before the signal
     * @throws LoopEndedException if the loop has ended, or ends before the signal
     * @throws IllegalStateException if it is called on the loop's bare thread
     */
    public void await() throws InterruptedException {
        boolean _ = await(Duty.NO_DEADLINE);
    }

    /**
     * Waits for a signal, until a deadline at most.
     *
     * @param deadlineNs a time of the loop's clock, or {@link Duty#NO_DEADLINE}
     * @return true if signalled, false if the deadline came first
     * @throws InterruptedException if the caller was or is interrupted before the signal
     * @throws LoopEndedException if the loop has ended, or ends before the signal
     * @throws IllegalStateException if it is called on the loop's bare thread
     */
    public boolean await(long deadlineNs) throws InterruptedException {
        return new Entry(null).await(deadlineNs);
    }

    /**
     * Waits until a condition holds, until a deadline at most. It is evaluated at once, and then at each signal that comes to the
     * caller.
     *
     * @param condition evaluated on the loop, must not block; what it throws, the caller gets
     * @param deadlineNs a time of the loop's clock, or {@link Duty#NO_DEADLINE}
     * @return true if the condition held, false if the deadline came first
     * @throws InterruptedException if the caller was or is interrupted before the condition held
     * @throws LoopEndedException if the loop has ended, or ends before the condition held
     * @throws IllegalStateException if it is called on the loop's bare thread and the condition does not hold at once
     */
    public boolean awaitUntil(BooleanSupplier condition, long deadlineNs) throws InterruptedException {
        return new Entry(condition).await(deadlineNs);
    }

    /**
     * Lets the one that has waited longest go on; of those that wait for a condition, the first whose condition holds.
     *
     * @return whether there was one
     */
    public boolean signal() {
        return signal(1) > 0;
    }

    /**
     * Lets all go on that wait now and whose condition, if they have one, holds.
     *
     * @return how many there were
     */
    public int signalAll() {
        return signal(size);
    }

    /** How many wait. */
    public int size() {
        return size;
    }

    /**
     * Visits those present at the start, once each. One that goes on may, before this returns, signal here itself or bring
     * others to wait here; so what was visited is marked, and a link that has gone stale leads back to the start.
     */
    private int signal(int limit) {
        long visit = ++visits;
        int released = 0;
        Entry entry = first;
        while (entry != null && released < limit) {
            Entry after = entry.after;
            if (entry.lastVisit < visit) {
                entry.lastVisit = visit;
                entry.signalled = true;
                entry.advance();
                if (!entry.queued) {
                    released++;
                }
            }
            entry = after == null || after.queued ? after : first;
        }
        return released;
    }

    private final class Entry extends LoopCall {
        private final @Nullable BooleanSupplier condition;
        private boolean signalled;
        private boolean queued;
        private long lastVisit;
        private @Nullable Entry before;
        private @Nullable Entry after;

        Entry(@Nullable BooleanSupplier condition) {
            super(loop);
            this.condition = condition;
        }

        boolean await(long deadlineNs) throws InterruptedException {
            return call(deadlineNs);
        }

        @Override
        protected boolean attempt() {
            if (condition == null ? signalled : condition.getAsBoolean()) {
                withdraw();
                return true;
            }
            if (!queued) {
                join();
            }
            return false;
        }

        private void join() {
            Entry end = last;
            before = end;
            if (end == null) {
                first = this;
            } else {
                end.after = this;
            }
            last = this;
            queued = true;
            lastVisit = visits;
            size++;
        }

        @Override
        protected void withdraw() {
            if (!queued) {
                return;
            }
            if (before == null) {
                first = after;
            } else {
                before.after = after;
            }
            if (after == null) {
                last = before;
            } else {
                after.before = before;
            }
            before = null;
            after = null;
            queued = false;
            size--;
        }
    }
}
