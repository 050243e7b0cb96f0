package io.uk4j.platform.unix;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Sleeps by parking its thread, with nothing but the JDK. Takes {@link SignalSource} only. */
final class ParkWaiter implements Waiter {
    private final Clock clock;
    private final WakeState wakeState = new WakeState();
    private final Set<WaitSource> sources = Collections.newSetFromMap(new IdentityHashMap<>());
    private volatile @Nullable Thread sleeper;
    private boolean closed;

    ParkWaiter(Clock clock) {
        this.clock = clock;
    }

    @Override
    public void register(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::register);
            return;
        }
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        if (!(source instanceof SignalSource signal)) {
            throw new IllegalArgumentException("The unix platform in portable mode cannot wait for a "
                    + source.getClass().getName() + ".");
        }
        signal.attach(this);
        sources.add(source);
    }

    @Override
    public void unregister(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::unregister);
            return;
        }
        if (sources.remove(source) && source instanceof SignalSource signal) {
            signal.attach(null);
        }
    }

    @Override
    public boolean await(long deadlineNs) {
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        if (deadlineNs != Duty.NO_DEADLINE && deadlineNs - clock.nowNs() <= 0) {
            return wakeState.wakeUp();
        }
        sleeper = Thread.currentThread();
        if (!wakeState.tryFallAsleep()) {
            return true;
        }
        boolean interrupted = false;
        while (!wakeState.isWoken()) {
            // A pending interrupt would end every park at once; it is kept for the caller.
            interrupted |= Thread.interrupted();
            if (deadlineNs == Duty.NO_DEADLINE) {
                LockSupport.park(this);
            } else {
                long timeoutNs = deadlineNs - clock.nowNs();
                if (timeoutNs <= 0) {
                    break;
                }
                LockSupport.parkNanos(this, timeoutNs);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return wakeState.wakeUp();
    }

    @Override
    public void wakeup() {
        if (wakeState.wake()) {
            LockSupport.unpark(sleeper);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (WaitSource source : sources.toArray(new WaitSource[0])) {
            unregister(source);
        }
    }
}
