package io.uk4j.testkit;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.core.Waiter;
import io.uk4j.platform.sim.SimPlatform;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The plainest loop that a simulation can drive: what is right, to be made wrong in one respect. */
class PlainLoop implements EventLoop, Duty {
    private static final int INBOX_TASKS = 1024;

    final ArrayDeque<Runnable> inbox = new ArrayDeque<>();
    final List<Duty> duties = new ArrayList<>();
    final List<PlainTimer> timers = new ArrayList<>();
    private final Clock clock;
    private final Waiter waiter;
    boolean polling;
    boolean ended;

    PlainLoop(SimPlatform platform) {
        clock = platform.clock();
        waiter = platform.newWaiter();
    }

    final class PlainTimer implements Timer {
        private final Runnable action;
        private boolean scheduled;
        private long deadlineNs;

        PlainTimer(Runnable action) {
            this.action = action;
            timers.add(this);
        }

        @Override
        public void schedule(long newDeadlineNs) {
            scheduled = true;
            deadlineNs = newDeadlineNs;
        }

        @Override
        public void cancel() {
            scheduled = false;
        }

        @Override
        public boolean isScheduled() {
            return scheduled;
        }

        @Override
        public long deadlineNs() {
            return deadlineNs;
        }
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public boolean inLoop() {
        return polling;
    }

    @Override
    public void add(Duty duty) {
        duties.add(duty);
    }

    @Override
    public void remove(Duty duty) {
        duties.remove(duty);
    }

    @Override
    public Waiter waiter() {
        return waiter;
    }

    @Override
    public Timer newTimer(Runnable action) {
        return new PlainTimer(action);
    }

    @Override
    public boolean tryExecute(Runnable task) {
        synchronized (inbox) {
            return !ended && inbox.size() < INBOX_TASKS && inbox.add(task);
        }
    }

    @Override
    public int poll(long nowNs) {
        polling = true;
        int work = 0;
        int tasks = inbox.size();
        for (int i = 0; i < tasks; i++) {
            Runnable task;
            synchronized (inbox) {
                task = inbox.remove();
            }
            run(task);
            work++;
        }
        List<PlainTimer> due = new ArrayList<>(timers);
        due.removeIf(timer -> !timer.scheduled || timer.deadlineNs > nowNs);
        due.sort(Comparator.comparingLong(timer -> timer.deadlineNs));
        for (PlainTimer timer : due) {
            timer.scheduled = false;
            run(timer.action);
            work++;
        }
        for (Duty duty : List.copyOf(duties)) {
            work += duty.poll(nowNs);
        }
        polling = false;
        return work;
    }

    void run(Runnable task) {
        try {
            task.run();
        } catch (UnsupportedOperationException _) {
            // A loop goes on.
        }
    }

    @Override
    public long nextDeadlineNs() {
        long next = NO_DEADLINE;
        for (PlainTimer timer : timers) {
            next = timer.scheduled ? Math.min(next, timer.deadlineNs) : next;
        }
        for (Duty duty : duties) {
            next = Math.min(next, duty.nextDeadlineNs());
        }
        return next;
    }
}
