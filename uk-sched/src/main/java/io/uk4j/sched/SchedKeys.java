package io.uk4j.sched;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/** The keys that {@link LoopBuilder#config} reads. */
public final class SchedKeys implements KeyProvider {
    /** How many tasks of other threads a loop's inbox holds. */
    public static final Key<Integer> INBOX = Key.integer(
                    "uk.sched.inbox", 16, 1 << 20, "How many tasks that other threads hand to a loop may wait")
            .withDefault("4096");

    /** The longest that a loop without work goes on polling before it sleeps; it spins less, or not, where that was in vain. */
    public static final Key<Duration> SPIN = Key.duration(
                    "uk.sched.spin",
                    Duration.ZERO,
                    Duration.ofMillis(100),
                    "For how long at most a loop without work goes on polling before it sleeps; 0s never does")
            .withDefault("50us");

    /** Who carries fibers. */
    public static final Key<FiberMode> FIBER_MODE = Key.oneOf(
                    "uk.sched.fiber.mode",
                    FiberMode.class,
                    "Who carries fibers: the loop, the JDK's own scheduler (handoff), or the loop where possible (auto)")
            .withDefault("auto");

    /** How many fibers of one loop may be alive at once. */
    public static final Key<Integer> FIBER_LIMIT = Key.integer(
                    "uk.sched.fiber.limit", 1, 1 << 24, "How many fibers of one loop may be alive at once")
            .withDefault("65536");

    /** Made by {@link java.util.ServiceLoader}. */
    public SchedKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(INBOX, SPIN, FIBER_MODE, FIBER_LIMIT);
    }
}
