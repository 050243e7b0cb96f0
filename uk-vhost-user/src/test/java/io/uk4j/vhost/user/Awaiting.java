package io.uk4j.vhost.user;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;

/** Waits on conditions that other processes bring about. */
final class Awaiting {
    private static final long LIMIT_NS = 20_000_000_000L;

    private Awaiting() {}

    static void until(String what, BooleanSupplier condition) {
        until(() -> what, condition);
    }

    /** Waits, and says more if it was in vain. */
    static void until(Supplier<String> what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT_NS) {
                Assertions.fail("Waited in vain for " + what.get() + ".");
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
