package io.uk4j.platform.sim;

import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.lang.foreign.Arena;
import java.util.IdentityHashMap;

/** Pages from java.lang.foreign, each piece with an arena of its own: a use after its release throws. */
final class SimPages implements PageSource {
    private static final int PAGE_BYTES = 4096;

    private final long limitBytes;
    private final IdentityHashMap<Pages, Arena> allocated = new IdentityHashMap<>();
    private long allocatedBytes;

    SimPages(long limitBytes) {
        if (limitBytes < 1) {
            throw new IllegalArgumentException("A memory of " + limitBytes + " bytes holds no page.");
        }
        this.limitBytes = limitBytes;
    }

    @Override
    public int pageBytes() {
        return PAGE_BYTES;
    }

    @Override
    public synchronized Pages allocate(long bytes, long alignment) {
        if (bytes < 1 || alignment < 1 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(
                    "bytes " + bytes + " is not more than 0, or alignment " + alignment + " not a power of two.");
        }
        long left = limitBytes - allocatedBytes;
        // Whole pages are what counts; a size that is near the largest long must not wrap while it is rounded.
        long rounded = bytes > left ? bytes : Math.ceilDiv(bytes, (long) PAGE_BYTES) * PAGE_BYTES;
        if (rounded > left) {
            throw new OutOfMemoryException(
                    "The simulated host has " + left + " bytes of " + limitBytes + " left, not " + rounded + ".",
                    null,
                    "give the SimPlatform more memory");
        }
        Arena arena = Arena.ofShared();
        var segment = arena.allocate(rounded, Math.max(alignment, PAGE_BYTES));
        Pages pages = new Pages(segment, segment.address(), null);
        allocated.put(pages, arena);
        allocatedBytes += rounded;
        return pages;
    }

    @Override
    public synchronized void release(Pages pages) {
        Arena arena = allocated.remove(pages);
        if (arena == null) {
            throw new IllegalArgumentException("These pages are not from here, or were released before.");
        }
        allocatedBytes -= pages.segment().byteSize();
        arena.close();
    }

    synchronized void close() {
        allocated.values().forEach(Arena::close);
        allocated.clear();
        allocatedBytes = 0;
    }
}
