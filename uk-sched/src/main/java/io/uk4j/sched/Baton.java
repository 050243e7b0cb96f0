package io.uk4j.sched;

import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a fiber's work on loop-owned state whole. Such work does not wait, but a fiber can lose the carrier in the midst of
 * it all the same: a monitor in a logger or in a class loader that some other thread holds at that moment is enough. So a
 * fiber holds the baton while it works on the state; until it is back, the loop runs nothing but fibers, and another fiber
 * that wants the baton waits for it.
 *
 * <p>No atomics: everyone who touches it runs on the loop's thread.
 *
 * <p>Thread rule: loop-owned.
 */
@SuppressWarnings("ReferenceEquality") // Threads are compared by identity.
final class Baton {
    private final ArrayDeque<Thread> queue = new ArrayDeque<>();
    private @Nullable Thread holder;

    boolean isHeld() {
        return holder != null;
    }

    boolean isHeldBy(Thread thread) {
        return holder == thread;
    }

    /** Takes the baton for the fiber that calls, which does not hold it. */
    void take() {
        Thread fiber = Thread.currentThread();
        if (holder == null) {
            holder = fiber;
        } else {
            queueUp(fiber);
        }
    }

    void give() {
        Thread next = queue.pollFirst();
        holder = next;
        if (next != null) {
            LockSupport.unpark(next);
        }
    }

    private void queueUp(Thread fiber) {
        queue.addLast(fiber);
        boolean interrupted = false;
        while (holder != fiber) {
            LockSupport.park(this);
            // With the flag set it would not park, and the holder could not get the carrier back.
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            fiber.interrupt();
        }
    }
}
