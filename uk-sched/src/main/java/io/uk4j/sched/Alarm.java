package io.uk4j.sched;

import io.uk4j.core.Waiter;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Wakes a loop, but only one that sleeps or is about to: handing work to a busy loop costs no system call.
 *
 * <p>It works because both sides write before they read. A producer puts its work into a queue and then looks whether the
 * loop sleeps; the loop says that it will sleep and then looks into the queues once more. At least one of them sees the
 * other. It relies on queues whose producers claim their place by a volatile compare-and-set, and whose {@code isEmpty}
 * sees a claimed place: those of JCTools do.
 *
 * <p>Thread rule: {@link #ring} is shared, the rest loop-owned.
 */
final class Alarm {
    private final Waiter waiter;
    private final AtomicBoolean set = new AtomicBoolean();

    Alarm(Waiter waiter) {
        this.waiter = waiter;
    }

    /** After this the caller looks into its queues before it sleeps. */
    void set() {
        set.set(true);
    }

    void clear() {
        if (set.getPlain()) {
            set.set(false);
        }
    }

    void ring() {
        if (set.get() && set.compareAndSet(true, false)) {
            waiter.wakeup();
        }
    }
}
