package io.uk4j.platform.unix;

import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Pages of which each piece has an arena of its own: its end gives the memory back, and any later use of the segment is an
 * exception rather than a crash.
 */
abstract class TrackedPages implements PageSource, AutoCloseable {
    private final int pageBytes;
    private final Map<Long, Piece> pieces = new ConcurrentHashMap<>();

    private record Piece(Pages pages, Arena arena) {}

    TrackedPages(int pageBytes) {
        this.pageBytes = pageBytes;
    }

    /**
     * Allocates zeroed memory that lives as long as the arena.
     *
     * @param bytes whole pages
     * @param alignment a power of two, a page or more
     * @return null if there is not so much
     */
    abstract @Nullable MemorySegment tryAllocate(long bytes, long alignment, Arena arena);

    /** What to share the memory by, or null where it cannot be shared. */
    @Nullable
    Object handle() {
        return null;
    }

    @Override
    public final int pageBytes() {
        return pageBytes;
    }

    @Override
    public final Pages allocate(long bytes, long alignment) {
        if (bytes <= 0 || alignment <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(
                    "Not a size of 1 byte or more, or not a power of two: " + bytes + " bytes, alignment " + alignment);
        }
        if (bytes > Long.MAX_VALUE - pageBytes) {
            throw none(bytes, alignment);
        }
        long wholeBytes = (bytes + pageBytes - 1) & -pageBytes;
        Arena arena = Arena.ofShared();
        MemorySegment segment = tryAllocate(wholeBytes, Math.max(alignment, pageBytes), arena);
        if (segment == null) {
            arena.close();
            throw none(wholeBytes, alignment);
        }
        Pages pages = new Pages(segment, segment.address(), handle());
        pieces.put(segment.address(), new Piece(pages, arena));
        return pages;
    }

    private static OutOfMemoryException none(long bytes, long alignment) {
        return new OutOfMemoryException(
                "The host has no " + bytes + " bytes of memory in one piece, aligned to " + alignment + ".",
                null,
                "less memory for the appliance's pools, a larger uk.unix.memory, or java -XX:MaxDirectMemorySize=... in"
                        + " portable mode");
    }

    @Override
    public final void release(Pages pages) {
        Piece piece = pieces.get(pages.deviceAddress());
        if (piece == null || !piece.pages.equals(pages) || !pieces.remove(pages.deviceAddress(), piece)) {
            throw new IllegalArgumentException("These pages are not from here, or were released before.");
        }
        piece.arena.close();
    }

    /** Gives back all that was not released. Closing twice has no further effect. */
    @Override
    public final void close() {
        for (Piece piece : pieces.values()) {
            release(piece.pages);
        }
        closeSource();
    }

    /** Frees what the pieces were cut from. */
    void closeSource() {}
}
