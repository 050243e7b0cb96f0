package io.uk4j.sched;

import io.uk4j.core.Appliance;
import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Platform;
import io.uk4j.core.Timer;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The event loop. Each round runs tasks of the inbox, polls the duties, fires timers and lets fibers run, all in bounded
 * batches; a loop
 * that finds nothing to do asks its duties to arm their devices, looks once more, and sleeps on its waiter until the next
 * deadline.
 *
 * <p>A loop runs in one of three ways: {@link #start} gives it a thread of its own, {@link #run} takes the caller's thread,
 * and {@link #poll} steps it from outside, which is how a simulation drives many loops in virtual time.
 *
 * <p>Thread rule: as {@link EventLoop} says; in addition {@link #stop}, {@link #close}, {@link #call}, {@link
 * #fibers}, {@link #name} and {@link #describe} are shared. Until it is started, a loop belongs to the thread that
 * built it, which may add duties and make timers. A stepped loop belongs to the thread that polled it last, which is in the
 * loop only while it polls: so the loops of a simulation are told apart although one thread drives them all.
 *
 * <p>A {@link #fibers() fiber} is a thread that may block. What the loop owns it uses directly if the loop carries it, and by a
 * {@link LoopCall} wherever it may have to wait.
 *
 * <p>What tasks, timers and duties throw is counted and logged (ever more seldom, if it goes on), and the loop goes on.
 */
@SuppressWarnings("ReferenceEquality") // Threads are compared by identity.
public final class Loop implements EventLoop, Duty, AutoCloseable {
    private static final int TASK_BATCH = 256;
    private static final int TIMER_BATCH = 1024;
    private static final int CALL_BATCH = 256;
    private static final int FIBER_BATCH = 256;
    private static final int CALL_QUEUE_CHUNK = 64;

    /** With a single processor, nobody could bring the work that a spinning loop looks for. */
    private static final boolean MAY_SPIN = Runtime.getRuntime().availableProcessors() > 1;

    private enum Phase {
        OPEN,
        CLOSING,
        ENDED
    }

    private final String name;
    private final Clock clock;
    private final Waiter waiter;
    private final Spin spin;
    private final long closeGraceNs;
    private final Alarm alarm;
    private final Inbox inbox;
    private final Duties duties;
    private final TimerWheel wheel;
    private final Failures timerFailures;
    private final Fibers fibers;
    private final Baton baton = new Baton();

    /** Without a bound of its own, because a call must not be lost; but it holds at most two entries for a thread that waits. */
    private final MpscUnboundedVarHandleArrayQueue<LoopCall> calls =
            new MpscUnboundedVarHandleArrayQueue<>(CALL_QUEUE_CHUNK);

    private final CallList waitingCalls = new CallList();
    private final Counter rounds;
    private final Counter timersFired;
    private final Counter waits;
    private final CountDownLatch ended = new CountDownLatch(1);

    private volatile Phase phase = Phase.OPEN;

    /** The thread that the loop belongs to. */
    private volatile Thread owner = Thread.currentThread();

    /** Whether {@link #start} or {@link #run} has given the loop a thread for life. */
    private volatile boolean hasThread;

    /** Whether somebody is stepping the loop just now; a loop with a thread of its own is always in it. */
    private boolean isStepped;

    private boolean endAfterRound;

    Loop(LoopBuilder builder) {
        Platform platform = builder.platform;
        Counters counters = builder.counters.with("loop", builder.name);
        name = builder.name;
        clock = platform.clock();
        spin = new Spin(MAY_SPIN ? builder.spin.toNanos() : 0);
        closeGraceNs = builder.closeGrace.toNanos();
        rounds = counters.counter("uk_sched_rounds_total", "Rounds of the loop");
        timersFired = counters.counter("uk_sched_timers_fired_total", "Timers that have fired");
        waits = counters.counter("uk_sched_waits_total", "Times that the loop had nothing to do and slept");
        timerFailures = failures(counters, "timer");
        inbox = new Inbox(builder.inboxCapacity, counters, failures(counters, "task"));
        duties = new Duties(failures(counters, "duty"));
        wheel = new TimerWheel(clock.nowNs(), builder.tick.toNanos());
        counters.gauge("uk_sched_timers", "Timers that wait to fire", wheel::scheduledCount);
        FiberMode mode = Fibers.choose(builder.fiberMode);
        waiter = platform.newWaiter();
        alarm = new Alarm(waiter);
        fibers = new Fibers(this, alarm, mode, builder, counters, failures(counters, "fiber"));
    }

    /** Starts fibers on this loop. */
    public Fibers fibers() {
        return fibers;
    }

    private Failures failures(Counters counters, String kind) {
        return new Failures(
                name,
                kind,
                counters.with("kind", kind)
                        .counter("uk_sched_failures_total", "Exceptions thrown by what the loop runs"));
    }

    /**
     * Starts building a loop.
     *
     * @param platform where its clock and its waiter come from
     */
    public static LoopBuilder builder(Platform platform) {
        return new LoopBuilder(platform);
    }

    /**
     * Starts the loop of an appliance on a thread of its own, as the appliance's configuration says. The appliance closes it and
     * has it in its {@code describe}.
     *
     * @param appliance whose platform, configuration and counters it uses
     * @throws io.uk4j.core.PlatformException if the platform can give no more waiters
     * @throws io.uk4j.core.config.ConfigException if fibers cannot be carried as the configuration demands
     * @throws IllegalStateException if the appliance is closing
     */
    public static Loop start(Appliance appliance) {
        Loop loop = appliance.own(builder(appliance.platform())
                .config(appliance.config())
                .counters(appliance.counters())
                .build());
        appliance.describeWith(SchedDescription.TITLE, loop::describe);
        return loop.start();
    }

    /** The loop's name, which is also that of its thread. */
    public String name() {
        return name;
    }

    /**
     * Starts the loop on a daemon thread of its own.
     *
     * @return this loop
     * @throws IllegalStateException if it runs already or has ended
     */
    public Loop start() {
        takeThread();
        Thread thread = Thread.ofPlatform().name(name).daemon().unstarted(this::runToTheEnd);
        owner = thread;
        thread.start();
        return this;
    }

    /**
     * Runs the loop on the caller's thread until it is stopped, and then ends it as {@link #close} says.
     *
     * @throws IllegalStateException if it runs already or has ended, or if the caller is a virtual thread
     */
    public void run() {
        refuseVirtualThread();
        takeThread();
        owner = Thread.currentThread();
        runToTheEnd();
    }

    private synchronized void takeThread() {
        if (hasThread || phase == Phase.ENDED) {
            throw new IllegalStateException("The loop " + name + " runs already, or has ended.");
        }
        hasThread = true;
    }

    private void runToTheEnd() {
        try {
            long idleSinceNs = clock.nowNs();
            while (phase == Phase.OPEN) {
                long nowNs = clock.nowNs();
                if (round(nowNs) > 0) {
                    idleSinceNs = nowNs;
                } else if (nowNs - idleSinceNs < spin.lengthNs()) {
                    Thread.onSpinWait();
                } else if (!arm() && phase == Phase.OPEN) {
                    await(nextDeadlineNs());
                    long wokenNs = clock.nowNs();
                    spin.slept(wokenNs - idleSinceNs);
                    idleSinceNs = wokenNs;
                }
            }
        } finally {
            end();
        }
    }

    private void await(long deadlineNs) {
        waits.increment();
        boolean _ = waiter.await(deadlineNs);
    }

    /**
     * One round, for a loop that is stepped from outside. Has no effect on a loop that has ended.
     *
     * @return how many tasks, timers and units of work of the duties were done
     * @throws IllegalStateException if the loop has a thread of its own, if it is called from within a round, or on a virtual
     *     thread
     */
    @Override
    public int poll(long nowNs) {
        if (hasThread) {
            throw new IllegalStateException("The loop " + name + " has a thread of its own; nobody else may poll it.");
        }
        if (isStepped) {
            throw new IllegalStateException("The loop " + name + " is polled from within one of its own rounds.");
        }
        adopt();
        isStepped = true;
        try {
            int work = hasEnded() ? 0 : round(nowNs);
            if (endAfterRound) {
                end();
            }
            return work;
        } finally {
            isStepped = false;
        }
    }

    private void adopt() {
        Thread caller = Thread.currentThread();
        if (owner != caller) {
            refuseVirtualThread();
            owner = caller;
        }
    }

    private void refuseVirtualThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("A virtual thread cannot carry the loop " + name + ".");
        }
    }

    private int round(long nowNs) {
        alarm.clear();
        rounds.increment();
        if (baton.isHeld()) {
            // A fiber lost the carrier in the midst of its work on what everything else here works on.
            return fibers.run(FIBER_BATCH);
        }
        int work = inbox.run(TASK_BATCH) + runCalls();
        work += duties.poll(nowNs);
        int fired = wheel.fire(nowNs, TIMER_BATCH, timerFailures);
        if (fired > 0) {
            timersFired.add(fired);
        }
        return work + fired + fibers.run(FIBER_BATCH);
    }

    private int runCalls() {
        int count = 0;
        while (count < CALL_BATCH) {
            LoopCall call = calls.poll();
            if (call == null) {
                break;
            }
            count++;
            call.runOnLoop();
        }
        return count;
    }

    /** The earliest deadline among timers and duties. */
    @Override
    public long nextDeadlineNs() {
        if (baton.isHeld()) {
            return NO_DEADLINE;
        }
        return Deadlines.earlier(wheel.nextDeadlineNs(), duties.nextDeadlineNs());
    }

    /**
     * Arms the duties. From now on, until the next round, a task that is handed over wakes the loop's waiter.
     *
     * @return true if there is work already
     */
    @Override
    public boolean arm() {
        alarm.set();
        if (baton.isHeld()) {
            return fibers.canRun();
        }
        boolean hasWork = duties.arm();
        return hasWork || !inbox.isEmpty() || !calls.isEmpty() || fibers.canRun();
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public boolean inLoop() {
        Thread caller = Thread.currentThread();
        return caller == owner ? hasThread || isStepped : fibers.carries(caller);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if it was added already
     */
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
        return wheel.newTimer(action);
    }

    @Override
    public boolean tryExecute(Runnable task) {
        if (phase != Phase.OPEN) {
            inbox.refuse();
            return false;
        }
        if (!inbox.offer(task)) {
            return false;
        }
        alarm.ring();
        return true;
    }

    /**
     * Runs something on the loop and returns what it returned: in place if the caller runs on the loop, else handed over.
     *
     * @param action what to run; must not block. What it throws, the caller gets
     * @throws InterruptedException if the caller was or is interrupted before the action began
     * @throws LoopEndedException if the loop has ended
     */
    public <T extends @Nullable Object> T call(Supplier<T> action) throws InterruptedException {
        return new ActionCall<>(this, action).get();
    }

    /** Hands over a call that is begun, or whose caller was interrupted. It is never refused, but may find the loop ended. */
    void submit(LoopCall call) {
        calls.offer(call);
        alarm.ring();
        if (hasEnded()) {
            call.endUnbegun();
        }
    }

    CallList waitingCalls() {
        return waitingCalls;
    }

    Baton baton() {
        return baton;
    }

    /**
     * Whether a thread may work on the loop's state at once, but must not wait, because nothing would go on meanwhile: the
     * loop's thread, whoever is to step the loop next, and a fiber that keeps all others waiting.
     */
    boolean isBare(Thread thread) {
        return thread == owner || baton.isHeldBy(thread);
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    boolean hasEnded() {
        return phase == Phase.ENDED;
    }

    /** What the loop is and who carries its fibers, in a few lines for an operator. */
    public String describe() {
        return "loop " + name + ": inbox of " + inbox.capacity() + " tasks, spins for up to " + spin.limitNs()
                + " ns before it sleeps\n" + fibers.describe() + "\n";
    }

    /**
     * Asks the loop to end, and returns at once: new tasks are refused from now on, and the loop ends after the round under
     * way. A stepped loop goes on until it is closed. Has no further effect on a loop that is ending.
     */
    public void stop() {
        synchronized (this) {
            if (phase == Phase.OPEN) {
                phase = Phase.CLOSING;
            }
        }
        alarm.ring();
    }

    /**
     * Ends the loop, and waits until it has ended. It refuses new tasks and runs those already accepted; interrupts the fibers and
     * gives them the {@link LoopBuilder#closeGrace grace} to end, in which it still works for them; ends the calls that
     * wait; and closes the waiter. Fibers that are alive even then never run again, and are reported in the log.
     *
     * <p>Called on the loop itself it cannot wait: the loop ends after this round. Whoever steps a loop must have ceased
     * to; its fibers get no time that only a clock could give, but end as far as they can without. An interrupt ends
     * the waiting, and stays set. Closing twice has no further effect.
     */
    @Override
    public void close() {
        stop();
        if (hasThread) {
            awaitEnd();
        } else if (isStepped) {
            endAfterRound = true;
        } else {
            adopt();
            isStepped = true;
            try {
                end();
            } finally {
                isStepped = false;
            }
        }
    }

    private void awaitEnd() {
        if (inLoop()) {
            return;
        }
        try {
            ended.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void end() {
        if (hasEnded()) {
            return;
        }
        stop();
        endFibers();
        endWaitingCalls();
        // They may still say good-bye, now that what they waited for will not come.
        fibers.run(FIBER_BATCH);
        inbox.close();
        phase = Phase.ENDED;
        endWaitingCalls();
        for (LoopCall call = calls.poll(); call != null; call = calls.poll()) {
            call.endUnbegun();
        }
        fibers.reportAbandoned();
        alarm.clear();
        waiter.close();
        ended.countDown();
    }

    private void endFibers() {
        fibers.interruptAll();
        long deadlineNs = clock.nowNs() + closeGraceNs;
        while (fibers.alive() > 0 && !Deadlines.isReached(deadlineNs, clock.nowNs())) {
            if (round(clock.nowNs()) > 0) {
                continue;
            }
            if (!hasThread) {
                break;
            }
            if (!arm() && fibers.alive() > 0) {
                await(Deadlines.earlier(deadlineNs, nextDeadlineNs()));
            }
        }
    }

    private void endWaitingCalls() {
        for (LoopCall call = waitingCalls.first(); call != null; call = waitingCalls.first()) {
            call.endWaiting();
        }
    }
}
