package io.uk4j.testkit;

import io.uk4j.core.BufferPool;
import org.opentest4j.AssertionFailedError;

/** Asserts that every buffer of a pool is back. */
public final class LeakCheck {
    private LeakCheck() {}

    /**
     * Asserts that the pools have everything back. For a {@link TestPool} the failure carries, as suppressed exceptions,
     * where each missing buffer was acquired.
     *
     * @param pools to be looked at on the loop that owns them
     * @throws AssertionError if a pool misses a buffer, or has more than it ever gave out
     */
    public static void assertAllBack(BufferPool... pools) {
        for (BufferPool pool : pools) {
            long available = pool.availableBytes();
            if (available != pool.capacityBytes()) {
                AssertionFailedError error = new AssertionFailedError(
                        "Not every buffer is back: " + available + " bytes are free of " + pool.capacityBytes() + ".",
                        pool.capacityBytes(),
                        available);
                if (pool instanceof TestPool traced) {
                    traced.outstanding().forEach(error::addSuppressed);
                }
                throw error;
            }
        }
    }
}
