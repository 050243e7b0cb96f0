package io.uk4j.core;

/**
 * Time, as the platform sees it. Mechanisms read time nowhere else, so that a whole network can run in virtual time.
 *
 * <p>Thread rule: shared.
 */
public interface Clock {
    /**
     * Monotonic time in nanoseconds from an arbitrary origin. Never goes back. Values may be negative; compare two of
     * them by their difference.
     */
    long nowNs();

    /** Wall-clock time in nanoseconds since 1970-01-01T00:00:00Z. May jump either way when somebody sets the clock. */
    long wallNs();
}
