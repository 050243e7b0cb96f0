package io.uk4j.vhost.user;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assertions;

/** Waits on conditions that other processes bring about. */
final class Awaiting {
    private static final long LIMIT_NS = 20_000_000_000L;

    private Awaiting() {}

    static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT_NS) {
                Assertions.fail("Waited in vain for " + what + ".");
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
