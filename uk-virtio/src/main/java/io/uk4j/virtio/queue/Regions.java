package io.uk4j.virtio.queue;

import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Memory of a few regions, which are searched one after the other. */
final class Regions implements GuestMemory {
    private final MemorySegment[] segments;
    private final long[] starts;
    private final long[] sizes;

    Regions(List<Region> regions) {
        segments = regions.stream().map(Region::segment).toArray(MemorySegment[]::new);
        starts = regions.stream().mapToLong(Region::address).toArray();
        sizes = regions.stream()
                .mapToLong(region -> region.segment().byteSize())
                .toArray();
    }

    @Override
    public MemorySegment segment(long address, long length) {
        for (int i = 0; i < starts.length; i++) {
            long offset = address - starts[i];
            // Unsigned, so that neither an address before the region nor a range around 2^64 passes.
            if (Long.compareUnsigned(offset, sizes[i]) < 0) {
                if (length < 0 || length > sizes[i] - offset) {
                    break;
                }
                return segments[i];
            }
        }
        throw outside(address, length);
    }

    @Override
    public long offset(long address) {
        for (int i = 0; i < starts.length; i++) {
            if (Long.compareUnsigned(address - starts[i], sizes[i]) < 0) {
                return address - starts[i];
            }
        }
        throw outside(address, 0);
    }

    private static VirtioException outside(long address, long length) {
        return new VirtioException(
                Violation.ADDRESS,
                length + " bytes at address 0x" + Long.toHexString(address) + " do not lie in the shared memory.");
    }
}
