package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array of {@code struct iovec} of which the first entry is a {@link VnetHeader} of its own. */
final class Iovecs {
    private final MemorySegment memory;
    private final MemorySegment header;

    /** Creates one with room for so many fragments after the header. */
    Iovecs(int fragmentLimit) {
        memory = Arena.ofAuto().allocate((1L + fragmentLimit) * Posix.IOVEC_BYTES, 8);
        header = Arena.ofAuto().allocate(VnetHeader.BYTES, 8);
        put(0, header.address(), VnetHeader.BYTES);
    }

    /** The header; part of every transfer. */
    MemorySegment header() {
        return header;
    }

    /** Where the array begins. */
    long address() {
        return memory.address();
    }

    /** Sets a fragment. The memory is the caller's, who keeps it alive. */
    void fragment(int index, long address, int bytes) {
        put(index + 1, address, bytes);
    }

    private void put(int index, long address, long bytes) {
        memory.set(JAVA_LONG, (long) index * Posix.IOVEC_BYTES, address);
        memory.set(JAVA_LONG, (long) index * Posix.IOVEC_BYTES + 8, bytes);
    }
}
