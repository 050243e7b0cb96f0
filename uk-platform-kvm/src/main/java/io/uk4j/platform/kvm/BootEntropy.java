package io.uk4j.platform.kvm;

import io.uk4j.core.EntropySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The boot layer's generator: ChaCha20, seeded by the processor before the JVM started. */
final class BootEntropy implements EntropySource {
    private static final long SCRATCH_BYTES = 4096;

    private final BootLayer boot;

    BootEntropy(BootLayer boot) {
        this.boot = boot;
    }

    @Override
    public void fill(MemorySegment target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("The segment is read-only.");
        }
        if (target.isNative()) {
            boot.random(target);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scratch = arena.allocate(Math.clamp(target.byteSize(), 1, SCRATCH_BYTES));
            for (long at = 0; at < target.byteSize(); at += SCRATCH_BYTES) {
                MemorySegment part = scratch.asSlice(0, Math.min(target.byteSize() - at, SCRATCH_BYTES));
                boot.random(part);
                MemorySegment.copy(part, 0, target, at, part.byteSize());
            }
            scratch.fill((byte) 0);
        }
    }
}
