package io.uk4j.core;

/**
 * Gives out and takes back ranges of a space of numbers: bytes of an arena, blocks of a disk, grant references. It never
 * touches what the numbers stand for.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Allocator {
    /** What {@link #tryAllocate} returns when no fitting range is free. */
    long NONE = -1;

    /**
     * Takes a range.
     *
     * @param size how many units, more than 0
     * @param alignment a power of two; the returned offset is a multiple of it
     * @return the offset of the range's first unit, 0 or more, or {@link #NONE}: then nothing was taken
     * @throws IllegalArgumentException if an argument is out of its range
     */
    long tryAllocate(long size, long alignment);

    /**
     * Gives a range back.
     *
     * @param offset what {@link #tryAllocate} returned, not yet freed
     * @param size the size it was asked with
     * @throws IllegalArgumentException if no such range is allocated, where the allocator can tell
     */
    void free(long offset, long size);

    /** How many units are free in all. A range of that size need not exist. */
    long available();

    /** How many units there are in all. */
    long capacity();
}
