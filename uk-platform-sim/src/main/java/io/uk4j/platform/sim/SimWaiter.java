package io.uk4j.platform.sim;

import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Waits by making virtual time pass. */
final class SimWaiter implements Waiter {
    private final Simulation simulation;
    private final List<SignalSource> sources = new ArrayList<>();

    /** Holds a permit while a wake-up is pending; more than one mean no more than one. */
    private final Semaphore wakeups = new Semaphore(0);

    SimWaiter(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    public void register(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::register);
            return;
        }
        if (!(source instanceof SignalSource signal)) {
            throw new IllegalArgumentException("The simulated platform waits for signal sources only, not for a "
                    + source.getClass().getName() + ".");
        }
        if (!sources.contains(signal)) {
            sources.add(signal);
            signal.attach(this);
        }
    }

    @Override
    public void unregister(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::unregister);
            return;
        }
        if (source instanceof SignalSource signal && sources.remove(signal)) {
            signal.attach(null);
        }
    }

    @Override
    public boolean await(long deadlineNs) {
        long limitNs = deadlineNs == Duty.NO_DEADLINE ? Duty.NO_DEADLINE : Math.max(0, deadlineNs - simulation.nowNs());
        if (limitNs > 0 && simulation.runUntil(() -> wakeups.availablePermits() > 0, limitNs)) {
            wakeups.drainPermits();
            return true;
        }
        if (deadlineNs == Duty.NO_DEADLINE) {
            wakeups.acquireUninterruptibly();
            wakeups.drainPermits();
            return true;
        }
        return wakeups.drainPermits() > 0;
    }

    @Override
    public void wakeup() {
        if (wakeups.availablePermits() == 0) {
            wakeups.release();
        }
    }

    @Override
    public void close() {
        sources.forEach(source -> source.attach(null));
        sources.clear();
    }
}
