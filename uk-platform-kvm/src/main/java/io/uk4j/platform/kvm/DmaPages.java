package io.uk4j.platform.kvm;

import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Memory for devices. Each piece has an arena of its own, whose end gives the memory back: any later use of the segment is an
 * exception rather than a crash.
 */
final class DmaPages implements PageSource, AutoCloseable {
    private final BootLayer boot;
    private final Map<Long, Piece> pieces = new ConcurrentHashMap<>();

    private record Piece(Pages pages, Arena arena) {}

    DmaPages(BootLayer boot) {
        this.boot = boot;
    }

    @Override
    public int pageBytes() {
        return BootLayer.PAGE_BYTES;
    }

    @Override
    @SuppressWarnings("restricted")
    public Pages allocate(long bytes, long alignment) {
        if (bytes <= 0 || alignment <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(
                    "Not a size of 1 byte or more, or not a power of two: " + bytes + " bytes, alignment " + alignment);
        }
        long whole = bytes > Long.MAX_VALUE - BootLayer.PAGE_BYTES
                ? bytes
                : (bytes + BootLayer.PAGE_BYTES - 1) & -BootLayer.PAGE_BYTES;
        BootLayer.Dma dma = boot.allocate(whole, Math.max(alignment, BootLayer.PAGE_BYTES));
        if (dma == null) {
            throw new OutOfMemoryException(
                    "The machine has no " + whole + " bytes of memory in one piece, aligned to " + alignment + ".",
                    null,
                    "less memory for the appliance's pools, a smaller heap (-Xmx), or a machine with more memory");
        }
        Arena arena = Arena.ofShared();
        MemorySegment segment = dma.segment().reinterpret(arena, _ -> boot.free(dma));
        Pages pages = new Pages(segment, dma.physical(), null);
        pieces.put(dma.physical(), new Piece(pages, arena));
        return pages;
    }

    @Override
    public void release(Pages pages) {
        Piece piece = pieces.get(pages.deviceAddress());
        if (piece == null || !piece.pages.equals(pages) || !pieces.remove(pages.deviceAddress(), piece)) {
            throw new IllegalArgumentException("These pages are not from here, or were released before.");
        }
        piece.arena.close();
    }

    /** Gives back all that was not released. Closing twice has no further effect. */
    @Override
    public void close() {
        for (Piece piece : pieces.values()) {
            release(piece.pages);
        }
    }
}
