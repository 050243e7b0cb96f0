package io.uk4j.mm;

import io.uk4j.core.Allocator;
import java.util.Arrays;

/**
 * A binary buddy system (Knuth, The Art of Computer Programming, volume 1, section 2.5). The space is made of blocks whose
 * sizes are powers of two and that begin at multiples of their size; a block is split into two buddies when a smaller one
 * is wanted, and two free buddies become one again as soon as they can.
 *
 * <p><em>Choose it</em> for ranges of very different sizes that come and go in any order, and where alignment to the own
 * size is wanted: pages, rings, DMA areas, extents of a disk. For many small things of similar size {@link
 * SizeClassAllocator} loses less.
 *
 * <p><em>Cost:</em> {@link #tryAllocate} and {@link #free} are O(log n) for n smallest blocks, at most one step for each
 * doubling from the smallest block to the capacity. Metadata: 9 bytes for each smallest block, taken once.
 *
 * <p><em>Fragmentation:</em> a size is rounded up to a power of two, and to the smallest block: less than half of each
 * range beyond the smallest block is lost. Free ranges that are neighbours but not buddies do not merge, so a request may
 * find none though as much is free side by side. {@link #available} counts whole blocks.
 *
 * <p><em>Wrong frees:</em> every one is refused, unless its size rounds to the same block as that of the range.
 *
 * <p>Thread rule: loop-owned.
 */
public final class BuddyAllocator implements Allocator {
    /** Marks of a block in its first smallest block, together with its order. All others are 0. */
    private static final int FREE = 0x40;

    private static final int USED = 0x80;
    private static final int NIL = -1;
    private static final int MAX_BLOCKS = 1 << 30;

    private final long blockSize;
    private final int blockShift;
    private final int blocks;
    private final byte[] marks;
    private final int[] next;
    private final int[] previous;
    private final int[] firstFree;

    /** Bit k is set while there is a free block of order k. */
    private int ordersFree;

    private long freeBlocks;

    /**
     * A space of which all is free.
     *
     * @param capacity how many units, a multiple of {@code blockSize}; not necessarily a power of two
     * @param blockSize how many units the smallest block has, a power of two; at most 2<sup>30</sup> of them
     * @throws IllegalArgumentException if an argument is out of its range
     */
    public BuddyAllocator(long capacity, long blockSize) {
        if (blockSize <= 0 || Long.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException("A smallest block of " + blockSize + " units is not a power of two.");
        }
        if (capacity <= 0 || capacity % blockSize != 0 || capacity / blockSize > MAX_BLOCKS) {
            throw new IllegalArgumentException("A capacity of " + capacity + " units is not from 1 to " + MAX_BLOCKS
                    + " blocks of " + blockSize + " units.");
        }
        this.blockSize = blockSize;
        blockShift = Long.numberOfTrailingZeros(blockSize);
        blocks = (int) (capacity >> blockShift);
        marks = new byte[blocks];
        next = new int[blocks];
        previous = new int[blocks];
        firstFree = new int[32 - Integer.numberOfLeadingZeros(blocks)];
        Arrays.fill(firstFree, NIL);
        // Blocks of falling size, one for each bit of the count, each begin at a multiple of their size.
        int index = 0;
        for (int order = firstFree.length - 1; order >= 0; order--) {
            if ((blocks & (1 << order)) != 0) {
                link(index, order);
                index += 1 << order;
            }
        }
        freeBlocks = blocks;
    }

    @Override
    public long tryAllocate(long size, long alignment) {
        Ranges.checkRequest(size, alignment);
        if (size > capacity()) {
            return NONE;
        }
        int order = order(size);
        int candidates = ordersFree & (NIL << Math.max(order, alignmentOrder(alignment)));
        if (candidates == 0) {
            return NONE;
        }
        int found = Integer.numberOfTrailingZeros(candidates);
        int index = firstFree[found];
        unlink(index, found);
        // The first half is taken each time, so the range keeps the alignment of the block that was found.
        while (found > order) {
            found--;
            link(index + (1 << found), found);
        }
        marks[index] = (byte) (USED | order);
        freeBlocks -= 1L << order;
        return (long) index << blockShift;
    }

    @Override
    public void free(long offset, long size) {
        if (offset < 0 || size <= 0 || size > capacity() || offset >= capacity() || (offset & (blockSize - 1)) != 0) {
            throw Ranges.notAllocated(offset, size);
        }
        int index = (int) (offset >> blockShift);
        int order = order(size);
        if ((marks[index] & 0xff) != (USED | order)) {
            throw Ranges.notAllocated(offset, size);
        }
        marks[index] = 0;
        freeBlocks += 1L << order;
        for (int buddy = index ^ (1 << order); isFree(buddy, order); buddy = index ^ (1 << order)) {
            unlink(buddy, order);
            index &= buddy;
            order++;
        }
        link(index, order);
    }

    @Override
    public long available() {
        return freeBlocks << blockShift;
    }

    @Override
    public long capacity() {
        return (long) blocks << blockShift;
    }

    /** The order of the smallest block that holds so many units. */
    private int order(long size) {
        return size <= blockSize ? 0 : Long.SIZE - Long.numberOfLeadingZeros(size - 1) - blockShift;
    }

    /** The order of which every block is so aligned. Of the highest there is one, at 0, where every alignment is met. */
    private int alignmentOrder(long alignment) {
        return Math.clamp(Long.numberOfTrailingZeros(alignment) - blockShift, 0, firstFree.length - 1);
    }

    private boolean isFree(int index, int order) {
        return index < blocks && marks[index] == (FREE | order);
    }

    private void link(int index, int order) {
        int head = firstFree[order];
        marks[index] = (byte) (FREE | order);
        next[index] = head;
        previous[index] = NIL;
        if (head != NIL) {
            previous[head] = index;
        }
        firstFree[order] = index;
        ordersFree |= 1 << order;
    }

    private void unlink(int index, int order) {
        int before = previous[index];
        int after = next[index];
        if (before != NIL) {
            next[before] = after;
        } else {
            firstFree[order] = after;
            if (after == NIL) {
                ordersFree &= ~(1 << order);
            }
        }
        if (after != NIL) {
            previous[after] = before;
        }
        marks[index] = 0;
    }
}
