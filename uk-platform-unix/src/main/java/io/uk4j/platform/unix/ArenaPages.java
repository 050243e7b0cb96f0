package io.uk4j.platform.unix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory from the JVM, for portable mode. A page is taken to be 4 KiB, since nothing there depends on the real size. */
final class ArenaPages extends TrackedPages {
    ArenaPages() {
        super(4096);
    }

    @Override
    @Nullable
    MemorySegment tryAllocate(long bytes, long alignment, Arena arena) {
        try {
            return arena.allocate(bytes, alignment);
        } catch (OutOfMemoryError | IllegalArgumentException _) {
            // The JVM's limit of direct memory or the C library's; IllegalArgumentException where the sum overflows.
            return null;
        }
    }
}
