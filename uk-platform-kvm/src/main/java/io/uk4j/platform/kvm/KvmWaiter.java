package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.PlatformException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Sleeps until one of a set of interrupts has come. Takes {@link KvmInterrupt} and {@link SignalSource}.
 *
 * <p>Element 0 of the set is an interrupt of software, by which others wake the sleeper. It is raised only while the sleeper sleeps
 * or is about to, since that is a call.
 */
final class KvmWaiter implements Waiter {
    private static final int SEEN = 8;

    private final BootLayer boot;
    private final Clock clock;
    private final int wakeHandle;
    private final MemorySegment set = Arena.ofAuto().allocate((long) BootLayer.WAIT_LIMIT * BootLayer.WAIT_BYTES, 8);
    private final List<KvmInterrupt> interrupts = new ArrayList<>();
    private final Set<SignalSource> signals = new HashSet<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean asleep;
    private boolean closed;

    KvmWaiter(BootLayer boot, Clock clock) {
        this.boot = boot;
        this.clock = clock;
        wakeHandle = boot.openInterrupt(BootLayer.SOFTWARE, 0).handle();
        put(0, wakeHandle, boot.count(wakeHandle));
    }

    private void put(int index, int handle, long seen) {
        set.set(JAVA_INT, (long) index * BootLayer.WAIT_BYTES, handle);
        see(index, seen);
    }

    private void see(int index, long seen) {
        set.set(JAVA_LONG, (long) index * BootLayer.WAIT_BYTES + SEEN, seen);
    }

    @Override
    public void register(WaitSource source) {
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        // Not a switch: that is linked when it is first used, which a cold JVM feels.
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::register);
        } else if (source instanceof SignalSource signal) {
            signal.attach(this);
            signals.add(signal);
        } else if (source instanceof KvmInterrupt interrupt) {
            if (!interrupts.contains(interrupt)) {
                add(interrupt);
            }
        } else {
            throw new IllegalArgumentException(
                    "The kvm platform cannot wait for a " + source.getClass().getName() + ".");
        }
    }

    private void add(KvmInterrupt interrupt) {
        if (interrupts.size() + 1 == BootLayer.WAIT_LIMIT) {
            throw new PlatformException(
                    "One loop cannot wait for more than " + interrupts.size() + " interrupts.",
                    null,
                    "more loops, or fewer queues (uk.virtio.queues)");
        }
        interrupts.add(interrupt);
        // What came before counts as not seen: the first wait looks at the device once more than it needs to.
        put(interrupts.size(), interrupt.handle(), interrupt.count() - 1);
    }

    @Override
    public void unregister(WaitSource source) {
        switch (source) {
            case JointSource joint -> joint.parts().forEach(this::unregister);
            case SignalSource signal -> {
                if (signals.remove(signal)) {
                    signal.attach(null);
                }
            }
            case KvmInterrupt interrupt -> {
                int index = interrupts.indexOf(interrupt) + 1;
                if (index > 0) {
                    int last = interrupts.size();
                    MemorySegment.copy(
                            set,
                            (long) last * BootLayer.WAIT_BYTES,
                            set,
                            (long) index * BootLayer.WAIT_BYTES,
                            BootLayer.WAIT_BYTES);
                    interrupts.set(index - 1, interrupts.getLast());
                    interrupts.removeLast();
                }
            }
            default -> {}
        }
    }

    @Override
    public boolean await(long deadlineNs) {
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        asleep = true;
        // Whoever wakes sets woken first and looks at asleep then; we do it the other way round, so one of us sees the
        // other.
        boolean came = woken.get() || look();
        while (!came && (deadlineNs == Duty.NO_DEADLINE || deadlineNs - clock.nowNs() > 0)) {
            came = boot.await(set, interrupts.size() + 1, deadlineNs) == 0;
        }
        asleep = false;
        see(0, boot.count(wakeHandle));
        came |= look();
        return woken.getAndSet(false) || came;
    }

    /** Whether an interrupt has come since it was last looked at; sees all of them. */
    private boolean look() {
        boolean came = false;
        for (int i = 0; i < interrupts.size(); i++) {
            long count = interrupts.get(i).count();
            long at = (i + 1L) * BootLayer.WAIT_BYTES + SEEN;
            if (count != set.get(JAVA_LONG, at)) {
                set.set(JAVA_LONG, at, count);
                came = true;
            }
        }
        return came;
    }

    @Override
    public void wakeup() {
        woken.set(true);
        if (asleep) {
            synchronized (woken) { // the handle may be another's once it is closed
                if (asleep) {
                    boot.raise(wakeHandle);
                }
            }
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            signals.forEach(signal -> signal.attach(null));
            signals.clear();
            interrupts.clear();
            synchronized (woken) {
                boot.closeInterrupt(wakeHandle);
            }
        }
    }
}
