package io.uk4j.mm;

import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.lang.foreign.Arena;
import java.util.IdentityHashMap;

/** Pages of the process with a limit, whose device addresses differ from the processor's, and that knows what is out. */
final class TestPages implements PageSource {
    static final long DEVICE_OFFSET = 1L << 40;

    private final IdentityHashMap<Pages, Arena> out = new IdentityHashMap<>();
    private final long limitBytes;
    private long outBytes;

    TestPages(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    @Override
    public int pageBytes() {
        return 4096;
    }

    @Override
    public Pages allocate(long bytes, long alignment) {
        long rounded = Math.ceilDiv(bytes, pageBytes()) * pageBytes();
        if (rounded > limitBytes - outBytes) {
            throw new OutOfMemoryException("There are no " + rounded + " bytes left.", null, null);
        }
        Arena arena = Arena.ofShared();
        var segment = arena.allocate(rounded, Math.max(alignment, pageBytes()));
        Pages pages = new Pages(segment, segment.address() + DEVICE_OFFSET, null);
        out.put(pages, arena);
        outBytes += rounded;
        return pages;
    }

    @Override
    public void release(Pages pages) {
        Arena arena = out.remove(pages);
        if (arena == null) {
            throw new IllegalArgumentException("These pages are not out.");
        }
        outBytes -= pages.segment().byteSize();
        arena.close();
    }

    long outBytes() {
        return outBytes;
    }
}
