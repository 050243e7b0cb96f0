package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Runs what may hang when the tested thing is wrong, so that the test fails instead. */
final class Guarded {
    private static final long LIMIT_S = 10;

    private Guarded() {}

    /** A piece of a test. */
    @FunctionalInterface
    interface Body {
        void run() throws Exception;
    }

    /** Runs the body on a thread of its own, while the companion runs on the caller's; fails if the body does not end. */
    static void run(String what, Body body, Body companion) throws Exception {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        Thread.ofPlatform().daemon().name("guarded").start(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                failure.set(e);
            } finally {
                ended.countDown();
            }
        });
        companion.run();
        if (!ended.await(LIMIT_S, TimeUnit.SECONDS)) {
            fail(what + " did not end.");
        }
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof Exception exception) {
            throw exception;
        }
    }

    /** Runs the body on a thread of its own; fails if it does not end. */
    static void run(String what, Body body) throws Exception {
        run(what, body, () -> {});
    }

    /** Spins until the condition holds; fails if it does not come to. */
    static void spinUntil(String what, BooleanSupplier condition) {
        long limitNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - limitNs > 0) {
                fail("Waited in vain for " + what + ".");
            }
            Thread.onSpinWait();
        }
    }
}
