package io.uk4j.mm;

import io.uk4j.core.Allocator;

/**
 * A region: ranges are laid one behind the other, and the space comes back when all of them are gone.
 *
 * <p><em>Choose it</em> for things that end together (what one request, one connection or one start-up needs) or in the
 * reverse order of their beginning, like a stack; it is the cheapest there is. Do not choose it where a single range may
 * live on while others come and go: it holds the whole region.
 *
 * <p><em>Cost:</em> {@link #tryAllocate}, {@link #free} and {@link #reset} are O(1); there is no metadata.
 *
 * <p><em>Fragmentation:</em> nothing is rounded; before each range less than its alignment is lost. What is freed in the
 * order of a stack is reusable at once, down to the range below it; anything else when the last range is freed. Until
 * then {@link #available} counts it, though it cannot be allocated.
 *
 * <p><em>Wrong frees:</em> those outside of what was laid out, or of more than is allocated in all, are refused; others go
 * unseen.
 *
 * <p>Thread rule: loop-owned.
 */
public final class RegionAllocator implements Allocator {
    private final long capacity;
    private long end;
    private long allocated;

    /**
     * A region of which all is free.
     *
     * @param capacity how many units, more than 0
     * @throws IllegalArgumentException if it is not
     */
    public RegionAllocator(long capacity) {
        if (capacity <= 0) {
            throw new IllegalArgumentException("A region of " + capacity + " units must have more than 0.");
        }
        this.capacity = capacity;
    }

    @Override
    public long tryAllocate(long size, long alignment) {
        Ranges.checkRequest(size, alignment);
        long padding = -end & (alignment - 1);
        long room = capacity - end;
        if (padding > room || size > room - padding) {
            return NONE;
        }
        long offset = end + padding;
        end = offset + size;
        allocated += size;
        return offset;
    }

    @Override
    public void free(long offset, long size) {
        if (offset < 0 || size <= 0 || size > allocated || offset > end - size) {
            throw Ranges.notAllocated(offset, size);
        }
        allocated -= size;
        if (allocated == 0) {
            end = 0;
        } else if (offset + size == end) {
            end = offset;
        }
    }

    /** Frees all ranges at once. */
    public void reset() {
        allocated = 0;
        end = 0;
    }

    @Override
    public long available() {
        return capacity - allocated;
    }

    @Override
    public long capacity() {
        return capacity;
    }
}
