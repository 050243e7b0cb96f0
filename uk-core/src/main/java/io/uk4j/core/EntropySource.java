package io.uk4j.core;

import java.lang.foreign.MemorySegment;

/**
 * Cryptographically secure random bytes. The simulated platform's are a function of its seed.
 *
 * <p>Thread rule: shared.
 */
public interface EntropySource {
    /**
     * Fills all of {@code target} with random bytes.
     *
     * @param target a writable segment, on or off the heap, of any size
     * @throws PlatformException if the platform has no entropy to give; never falls back to a weak source
     */
    void fill(MemorySegment target);

    /** Eight random bytes as a {@code long}. */
    default long nextLong() {
        byte[] bytes = new byte[Long.BYTES];
        fill(MemorySegment.ofArray(bytes));
        long value = 0;
        for (byte b : bytes) {
            value = (value << 8) | (b & 0xff);
        }
        return value;
    }
}
