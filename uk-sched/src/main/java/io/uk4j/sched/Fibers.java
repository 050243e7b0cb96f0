package io.uk4j.sched;

import io.uk4j.core.config.ConfigException;
import io.uk4j.core.metrics.Counters;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts fibers: threads that may block, for code that reads better so. They are virtual threads. In the mode {@link
 * FiberMode#LOOP} the loop's thread carries them, and the threads that they start too (by {@code
 * Executors.newVirtualThreadPerTaskExecutor()}, say); monitors, locks, sleeping and parking let go of the loop as they let go of any
 * carrier. What does not is a wait with a native frame or a class initialiser below it: it stops the whole loop. Nor is a fiber
 * ever preempted, so a long calculation belongs elsewhere.
 *
 * <p>{@code Thread.sleep} and timed waits of the JDK go by the machine's time; {@link #sleepUntil} goes by the loop's clock.
 *
 * <p>Thread rule: shared.
 */
public final class Fibers {
    private static final Logger LOG = LoggerFactory.getLogger(Fibers.class);
    private static final int NAMED_IN_REPORT = 10;

    private final Loop loop;
    private final Alarm alarm;
    private final FiberMode mode;
    private final FiberMode modeAskedFor;
    private final int limit;
    private final Consumer<? super Throwable> onFailure;
    private final @Nullable Carrier carrier;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger alive = new AtomicInteger();

    Fibers(
            Loop loop,
            Alarm alarm,
            FiberMode mode,
            LoopBuilder builder,
            Counters counters,
            Consumer<? super Throwable> onFailure) {
        this.loop = loop;
        this.alarm = alarm;
        this.mode = mode;
        modeAskedFor = builder.fiberMode;
        limit = builder.fiberLimit;
        this.onFailure = onFailure;
        carrier = mode == FiberMode.LOOP ? new Carrier(loop, alarm, onFailure) : null;
        counters.gauge("uk_sched_fibers", "Fibers that are alive", alive::get);
    }

    /** What a setting comes to in this JVM. */
    static FiberMode choose(FiberMode setting) {
        String obstacle = VirtualThreads.obstacle();
        if (setting == FiberMode.AUTO) {
            return obstacle == null ? FiberMode.LOOP : FiberMode.HANDOFF;
        }
        if (setting == FiberMode.LOOP && obstacle != null) {
            throw new ConfigException(
                    SchedKeys.FIBER_MODE.name() + "=loop cannot be had, because " + obstacle + ".",
                    "The loop carries fibers only in a JVM that was started with " + VirtualThreads.flag() + ".",
                    "add the flag, or Add-Opens: java.base/java.lang to the manifest of the main jar, or set "
                            + SchedKeys.FIBER_MODE.name() + "=auto");
        }
        return setting;
    }

    /** Who carries the fibers: {@link FiberMode#LOOP} or {@link FiberMode#HANDOFF}. */
    public FiberMode mode() {
        return mode;
    }

    /** How many fibers are alive. Threads that they started themselves do not count. */
    public int alive() {
        return alive.get();
    }

    /**
     * Starts a fiber.
     *
     * @param name of its thread
     * @param body what it does; what it throws is counted and logged
     * @return its thread, or null if as many fibers are alive as there may be, or if the loop is ending or has ended
     */
    public @Nullable Thread tryStart(String name, Runnable body) {
        Objects.requireNonNull(body, "body");
        if (!loop.isOpen()) {
            return null;
        }
        if (alive.incrementAndGet() > limit) {
            alive.decrementAndGet();
            return null;
        }
        boolean started = false;
        Thread thread = builder().name(name).unstarted(() -> run(body));
        threads.add(thread);
        try {
            thread.start();
            started = true;
        } finally {
            if (!started) {
                forget(thread);
            }
        }
        if (!loop.isOpen()) {
            // The loop may have interrupted all the others before this one was among them.
            thread.interrupt();
        }
        return thread;
    }

    /**
     * Like {@link #tryStart}, for callers to whom a refusal is a failure.
     *
     * @param name of its thread
     * @param body what it does; what it throws is counted and logged
     * @return its thread
     * @throws RejectedExecutionException if as many fibers are alive as there may be, or if the loop is ending or has ended
     */
    public Thread start(String name, Runnable body) {
        Thread thread = tryStart(name, body);
        if (thread == null) {
            throw new RejectedExecutionException(
                    loop.isOpen()
                            ? "The fiber " + name + " is refused: " + limit + " are alive on the loop " + loop.name()
                                    + ".\nTry: a higher " + SchedKeys.FIBER_LIMIT.name()
                            : "The fiber " + name + " is refused: the loop " + loop.name()
                                    + " has ended or is about to.");
        }
        return thread;
    }

    /**
     * Lets the calling fiber, or any thread but the loop's own, sleep by the loop's clock, which may be a virtual one.
     *
     * @param deadlineNs a time of the loop's clock
     * @throws InterruptedException if the caller was or is interrupted before that
     * @throws LoopEndedException if the loop has ended, or ends before that
     * @throws IllegalStateException if it is called on the loop's bare thread
     */
    public void sleepUntil(long deadlineNs) throws InterruptedException {
        new Sleep(loop).sleepUntil(deadlineNs);
    }

    /** One line: the mode, and why it is this one. */
    public String describe() {
        return describe(modeAskedFor, mode, limit);
    }

    static String describe(FiberMode modeAskedFor, FiberMode mode, int limit) {
        String obstacle = VirtualThreads.obstacle();
        String why = modeAskedFor != FiberMode.AUTO
                ? "as " + SchedKeys.FIBER_MODE.name() + " says"
                : obstacle == null
                        ? "java.lang is open to uk-sched"
                        : obstacle + "; the flag for it is " + VirtualThreads.flag();
        String what = mode == FiberMode.LOOP
                ? "loop (virtual threads carried by the loop's thread)"
                : "handoff (ordinary virtual threads, which reach the loop through its queue)";
        return "fibers: " + what + ", because " + why + "; " + limit + " at most";
    }

    boolean carries(Thread thread) {
        return carrier != null && VirtualThreads.isRunBy(carrier, thread);
    }

    boolean canRun() {
        return carrier != null && !carrier.isEmpty();
    }

    int run(int batch) {
        return carrier == null ? 0 : carrier.run(batch);
    }

    void interruptAll() {
        threads.forEach(Thread::interrupt);
    }

    void reportAbandoned() {
        List<Thread> left = List.copyOf(threads);
        if (!left.isEmpty()) {
            LOG.warn(
                    "{}: {} fibers were alive when the loop ended and will not run again, among them {}",
                    loop.name(),
                    left.size(),
                    left.stream().limit(NAMED_IN_REPORT).map(Thread::getName).collect(Collectors.joining(", ")));
        }
    }

    private Thread.Builder.OfVirtual builder() {
        return carrier == null ? Thread.ofVirtual() : VirtualThreads.builder(carrier);
    }

    private void run(Runnable body) {
        try {
            body.run();
        } catch (LoopEndedException ending) {
            // The usual end of a fiber that waits when its loop ends. Elsewhere it is news.
            if (loop.isOpen()) {
                onFailure.accept(ending);
            }
        } catch (Throwable failure) {
            onFailure.accept(failure);
        } finally {
            forget(Thread.currentThread());
        }
    }

    private void forget(Thread thread) {
        threads.remove(thread);
        alive.decrementAndGet();
        if (!loop.isOpen()) {
            alarm.ring();
        }
    }

    private static final class Sleep extends LoopCall {
        Sleep(Loop loop) {
            super(loop);
        }

        void sleepUntil(long deadlineNs) throws InterruptedException {
            boolean _ = call(deadlineNs);
        }

        @Override
        protected boolean attempt() {
            return false;
        }
    }
}
