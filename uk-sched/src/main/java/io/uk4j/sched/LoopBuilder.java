package io.uk4j.sched;

import io.uk4j.core.Platform;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.Counters;
import java.time.Duration;
import java.util.Objects;

/**
 * Builds a {@link Loop}. What is not set is as the keys of {@link SchedKeys} have it by default.
 *
 * <p>Thread rule: used by one thread, to which the loop belongs until it is started.
 */
public final class LoopBuilder {
    final Platform platform;
    String name = "loop";
    int inboxCapacity = 4096;
    Duration spin = Duration.ofNanos(50_000);
    Duration tick = Duration.ofMillis(1);
    FiberMode fiberMode = FiberMode.AUTO;
    int fiberLimit = 65536;
    Duration closeGrace = Duration.ofSeconds(2);
    Counters counters = NoCounters.INSTANCE;

    LoopBuilder(Platform platform) {
        this.platform = Objects.requireNonNull(platform, "platform");
    }

    /** Names the loop, its thread, and the label {@code loop} of its counters; {@code loop} unless set. */
    public LoopBuilder name(String name) {
        this.name = Objects.requireNonNull(name, "name");
        return this;
    }

    /** Takes over the values of all {@link SchedKeys}. */
    public LoopBuilder config(Config config) {
        inboxCapacity(config.get(SchedKeys.INBOX));
        spin(config.get(SchedKeys.SPIN));
        fiberMode(config.get(SchedKeys.FIBER_MODE));
        fiberLimit(config.get(SchedKeys.FIBER_LIMIT));
        return this;
    }

    /** Where the loop counts; nowhere unless set. */
    public LoopBuilder counters(Counters counters) {
        this.counters = Objects.requireNonNull(counters, "counters");
        return this;
    }

    /**
     * How many tasks of other threads may wait.
     *
     * @param tasks 16 or more; rounded up to a power of two
     * @throws IllegalArgumentException if there are fewer
     */
    public LoopBuilder inboxCapacity(int tasks) {
        if (tasks < 16) {
            throw new IllegalArgumentException("An inbox of " + tasks + " tasks; it must hold 16 or more.");
        }
        inboxCapacity = tasks;
        return this;
    }

    /**
     * The longest that the loop goes on polling without work before it sleeps; 50 us unless set, 0 for never. A peer that
     * answers within that time finds the loop awake, which saves both the time of waking up. The loop learns how long it pays:
     * where work comes more seldom, or there is one processor only, it does not spin.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder spin(Duration spin) {
        if (spin.isNegative()) {
            throw new IllegalArgumentException("Spinning for " + spin);
        }
        this.spin = spin;
        return this;
    }

    /**
     * The width of a slot of the timer wheel, 1 ms unless set. Timers fire when they are due whatever it is: it only trades
     * sorting against moving.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public LoopBuilder tick(Duration tick) {
        if (!tick.isPositive()) {
            throw new IllegalArgumentException("A tick of " + tick);
        }
        this.tick = tick;
        return this;
    }

    /** Who carries the fibers; {@link FiberMode#AUTO} unless set. */
    public LoopBuilder fiberMode(FiberMode mode) {
        fiberMode = Objects.requireNonNull(mode, "mode");
        return this;
    }

    /**
     * How many fibers may be alive at once.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public LoopBuilder fiberLimit(int fibers) {
        if (fibers < 1) {
            throw new IllegalArgumentException("A limit of " + fibers + " fibers");
        }
        fiberLimit = fibers;
        return this;
    }

    /**
     * How long fibers may take to end once the loop ends and has interrupted them; 2 s unless set.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public LoopBuilder closeGrace(Duration grace) {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("A grace of " + grace);
        }
        closeGrace = grace;
        return this;
    }

    /**
     * Makes the loop, with a waiter of its own.
     *
     * @throws io.uk4j.core.PlatformException if the platform can give no more waiters
     * @throws io.uk4j.core.config.ConfigException if {@link FiberMode#LOOP} is asked for and the JVM was not started with the
     *     flag that it needs; the message has the flag
     */
    public Loop build() {
        return new Loop(this);
    }
}
