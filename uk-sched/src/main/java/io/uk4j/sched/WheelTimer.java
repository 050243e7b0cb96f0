package io.uk4j.sched;

import io.uk4j.core.Timer;
import org.jspecify.annotations.Nullable;

/** A timer, and the node of the list that it is in while it is scheduled. */
final class WheelTimer implements Timer {
    private final TimerWheel wheel;
    final Runnable action;

    @Nullable
    TimerList list;

    @Nullable
    WheelTimer previous;

    @Nullable
    WheelTimer next;

    long deadlineNs;

    /** Counts schedulings, so that of two equal deadlines the one scheduled first fires first. */
    long sequence;

    WheelTimer(TimerWheel wheel, Runnable action) {
        this.wheel = wheel;
        this.action = action;
    }

    @Override
    public void schedule(long deadlineNs) {
        wheel.schedule(this, deadlineNs);
    }

    @Override
    public void cancel() {
        wheel.cancel(this);
    }

    @Override
    public boolean isScheduled() {
        return list != null;
    }

    @Override
    public long deadlineNs() {
        return deadlineNs;
    }

    boolean isBefore(WheelTimer other) {
        if (deadlineNs != other.deadlineNs) {
            return Deadlines.isBefore(deadlineNs, other.deadlineNs);
        }
        return sequence - other.sequence < 0;
    }
}
