package io.uk4j.platform.unix;

import io.uk4j.core.EntropySource;
import io.uk4j.core.PlatformException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The kernel's generator, by getrandom(2). Waits for the kernel's first seeding, once, early after the host's boot. */
final class KernelEntropy implements EntropySource {
    private static final long SCRATCH_BYTES = 4096;

    KernelEntropy() {
        // The class is initialised now rather than at first use, so that denied native access shows at start.
        Posix.pageBytes();
    }

    @Override
    public void fill(MemorySegment target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("The segment is read-only.");
        }
        MemorySegment callState = Posix.newCallState();
        if (target.isNative()) {
            fillNative(target, callState);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scratch = arena.allocate(Math.max(1, Math.min(target.byteSize(), SCRATCH_BYTES)));
            for (long at = 0; at < target.byteSize(); at += SCRATCH_BYTES) {
                long bytes = Math.min(target.byteSize() - at, SCRATCH_BYTES);
                fillNative(scratch.asSlice(0, bytes), callState);
                MemorySegment.copy(scratch, 0, target, at, bytes);
            }
            scratch.fill((byte) 0);
        }
    }

    private static void fillNative(MemorySegment target, MemorySegment callState) {
        long at = 0;
        while (at < target.byteSize()) {
            long got = Posix.getrandom(target.asSlice(at), callState);
            if (got > 0) {
                at += got;
            } else if (got != -Posix.EINTR) {
                throw new PlatformException("getrandom failed: " + Posix.describe((int) -got), null, null);
            }
        }
    }
}
