package io.uk4j.virtio.queue;

import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The ranges of one chain, each checked to lie in the driver's memory. */
final class RangeList {
    private final @Nullable MemorySegment[] segments;
    private final long[] offsets;
    private final int[] lengths;
    private int count;
    private int readable;

    RangeList(int limit) {
        segments = new MemorySegment[limit];
        offsets = new long[limit];
        lengths = new int[limit];
    }

    void clear() {
        count = 0;
        readable = 0;
    }

    void add(GuestMemory memory, long address, int length, boolean writable) {
        if (count == segments.length) {
            throw new VirtioException(Violation.CHAIN, "A chain has more than " + count + " ranges.");
        }
        if (length <= 0) {
            throw new VirtioException(
                    Violation.DESCRIPTOR, "A descriptor has " + Integer.toUnsignedString(length) + " bytes.");
        }
        if (!writable && readable < count) {
            throw new VirtioException(Violation.DESCRIPTOR, "A descriptor to be read follows one to be written.");
        }
        segments[count] = memory.segment(address, length);
        offsets[count] = memory.offset(address);
        lengths[count] = length;
        count++;
        if (!writable) {
            readable = count;
        }
    }

    int count() {
        return count;
    }

    int readable() {
        return readable;
    }

    MemorySegment segment(int range) {
        return Objects.requireNonNull(segments[Objects.checkIndex(range, count)]);
    }

    long offset(int range) {
        return offsets[Objects.checkIndex(range, count)];
    }

    int length(int range) {
        return lengths[Objects.checkIndex(range, count)];
    }
}
