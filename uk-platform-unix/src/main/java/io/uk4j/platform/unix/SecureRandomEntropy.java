package io.uk4j.platform.unix;

import io.uk4j.core.EntropySource;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;

/** The JDK's default generator, which on Unix systems draws from the kernel's. */
final class SecureRandomEntropy implements EntropySource {
    private static final int CHUNK_BYTES = 4096;

    private final SecureRandom random = new SecureRandom();

    @Override
    public void fill(MemorySegment target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("The segment is read-only.");
        }
        for (long at = 0; at < target.byteSize(); at += CHUNK_BYTES) {
            byte[] chunk = new byte[(int) Math.min(target.byteSize() - at, CHUNK_BYTES)];
            random.nextBytes(chunk);
            MemorySegment.copy(MemorySegment.ofArray(chunk), 0, target, at, chunk.length);
        }
    }
}
