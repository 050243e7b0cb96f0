package io.uk4j.mm;

import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts pieces out of a platform's pages, one after the other, and gives them back all together. Packet pools and the
 * rings of drivers are made of them. The arena takes memory from its source in chunks as it needs them, up to a limit.
 *
 * <p>A piece lies in one chunk, so it is contiguous for the processor and for devices. It is the caller's until {@link
 * #reset} or {@link #close}, who makes sure that neither code nor device uses it after that. Memory is zeroed when it is
 * cut for the first time, not again after a reset.
 *
 * <p>Allocation is O(1) and takes one object; a chunk loses at its end less than the piece that did not fit, and before
 * each piece less than its alignment.
 *
 * <p>Thread rule: loop-owned, or used by one thread during set-up.
 */
public final class PageArena implements AutoCloseable {
    private static final long CHUNK_BYTES = 2L << 20;

    private final PageSource source;
    private final long chunkBytes;
    private final long limitBytes;
    private final List<Pages> chunks = new ArrayList<>();
    private long takenBytes;
    private int current;
    private long nextOffset;
    private boolean closed;

    /**
     * A piece of memory.
     *
     * @param segment the memory, valid for any thread until the arena is reset or closed
     * @param deviceAddress where a device sees its first byte
     * @param pages what it was cut out of: holds the handle under which the memory can be shared. Never to be released by
     *     anyone but the arena
     */
    public record Piece(MemorySegment segment, long deviceAddress, Pages pages) {}

    /**
     * An arena with chunks of 2 MiB and no limit of its own.
     *
     * @param source where the memory comes from
     */
    public PageArena(PageSource source) {
        this(source, CHUNK_BYTES, Long.MAX_VALUE);
    }

    /**
     * An arena.
     *
     * @param source where the memory comes from
     * @param chunkBytes how much to take from it at a time, more than 0, rounded up to whole pages; a larger piece gets
     *     a chunk of its own
     * @param limitBytes how much to take from it at most, more than 0
     * @throws IllegalArgumentException if a size is out of its range
     */
    public PageArena(PageSource source, long chunkBytes, long limitBytes) {
        if (chunkBytes <= 0 || limitBytes <= 0) {
            throw new IllegalArgumentException(
                    "Chunks of " + chunkBytes + " bytes and a limit of " + limitBytes + " bytes must be more than 0.");
        }
        this.source = source;
        this.chunkBytes = chunkBytes;
        this.limitBytes = limitBytes;
    }

    /**
     * Cuts a piece.
     *
     * @param bytes how long, more than 0
     * @param alignment a power of two; of the address and of the device address
     * @throws OutOfMemoryException if that would pass the limit, or the source has no fitting memory left; nothing was
     *     taken
     * @throws IllegalArgumentException if an argument is out of its range
     * @throws IllegalStateException if the arena is closed
     */
    public Piece allocate(long bytes, long alignment) {
        if (bytes <= 0 || alignment <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(bytes + " bytes must be more than 0, and their alignment of " + alignment
                    + " bytes a power of two.");
        }
        if (closed) {
            throw new IllegalStateException("This arena is closed.");
        }
        long offset = nextOffset;
        for (int index = current; index < chunks.size(); index++, offset = 0) {
            Pages chunk = chunks.get(index);
            long padding = -(chunk.segment().address() + offset) & (alignment - 1);
            long room = chunk.segment().byteSize() - offset;
            boolean deviceAligned = ((chunk.deviceAddress() + offset + padding) & (alignment - 1)) == 0;
            if (deviceAligned && padding <= room && bytes <= room - padding) {
                return cut(index, offset + padding, bytes);
            }
        }
        return cut(grow(bytes, alignment), 0, bytes);
    }

    /**
     * Cuts a piece for several things of one size, one behind the other: for as many as fit into what is left of a chunk.
     *
     * @param bytes of each thing, a multiple of the alignment
     * @param most how many things, 1 or more
     * @param alignment as for {@link #allocate}, and with the same failures
     * @return a piece for 1 to {@code most} things, and not a byte more
     */
    Piece allocateRun(int bytes, int most, long alignment) {
        Piece first = allocate(bytes, alignment);
        Pages chunk = first.pages();
        long more = Math.min(most - 1L, (chunk.segment().byteSize() - nextOffset) / bytes);
        return cut(current, nextOffset - bytes, bytes * (more + 1));
    }

    private Piece cut(int index, long offset, long bytes) {
        Pages chunk = chunks.get(index);
        current = index;
        nextOffset = offset + bytes;
        return new Piece(chunk.segment().asSlice(offset, bytes), chunk.deviceAddress() + offset, chunk);
    }

    private int grow(long bytes, long alignment) {
        long left = limitBytes - takenBytes;
        if (bytes > left) {
            throw new OutOfMemoryException(
                    "A piece of " + bytes + " bytes is more than the " + left + " bytes left to this arena.",
                    "Its limit is " + limitBytes + " bytes.",
                    null);
        }
        long wanted = Math.max(bytes, Math.min(chunkBytes, left));
        chunks.add(source.allocate(wanted, Math.max(alignment, source.pageBytes())));
        takenBytes += wanted;
        return chunks.size() - 1;
    }

    /** Takes all pieces back at once. The chunks stay with the arena for what is allocated next. */
    public void reset() {
        current = 0;
        nextOffset = 0;
    }

    /** How many bytes the arena has asked its source for. */
    public long takenBytes() {
        return takenBytes;
    }

    /** Gives all memory back to the source. Closing twice has no further effect. */
    @Override
    public void close() {
        closed = true;
        chunks.forEach(source::release);
        chunks.clear();
        takenBytes = 0;
        reset();
    }
}
