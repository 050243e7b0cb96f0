package io.uk4j.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The driver's memory as a device in software sees it: ranges of the driver's addresses, each backed by a segment.
 *
 * <p>Thread rule: immutable once built; any thread may read it.
 */
public interface GuestMemory {
    /**
     * The segment that backs a range.
     *
     * @param address of the driver's
     * @param length in bytes, 0 or more
     * @return the whole segment of the region in which all of the range lies
     * @throws io.uk4j.virtio.VirtioException with ADDRESS if it lies in none, or in more than one
     */
    MemorySegment segment(long address, long length);

    /**
     * Where an address lies in the segment that {@link #segment} gives for it.
     *
     * @param address of the driver's
     */
    long offset(long address);

    /**
     * Memory of regions that do not overlap.
     *
     * @param regions at least one
     */
    static GuestMemory of(List<Region> regions) {
        return new Regions(regions);
    }

    /**
     * A range of the driver's addresses.
     *
     * @param address where it begins
     * @param segment what backs it, as long as it is
     */
    record Region(long address, MemorySegment segment) {}
}
