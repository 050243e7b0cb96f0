package io.uk4j.virtio.queue;

import java.lang.foreign.MemorySegment;

/**
 * The descriptor ring of a packed queue, as either side goes round it (VIRTIO 1.3, section 2.8.1). A place is a position and a
 * wrap counter in one number, which counts modulo twice the size: below the size the counter is 1, as at the beginning.
 *
 * <p>The other side looks at the descriptors in order, and at none before the one that it expects has the right flags. So of all
 * that is written between two calls of {@link #show} only the flags of the first are held back, and releasing them shows all.
 */
final class PackedRing {
    /** The two flags that tell who has a descriptor. */
    private static final int OWNER = PackedLayout.AVAILABLE | PackedLayout.USED;

    private static final int NONE = -1;

    private final int size;
    private final MemorySegment memory;
    private final long start;

    private long heldAt = NONE;
    private int heldFlags;

    PackedRing(int size, MemorySegment memory, long start) {
        this.size = size;
        this.memory = memory;
        this.start = start;
    }

    int advance(int place, int descriptors) {
        int sum = place + descriptors;
        return sum >= 2 * size ? sum - 2 * size : sum;
    }

    /** How many descriptors lie from one place to another one after it. */
    int distance(int from, int to) {
        return to >= from ? to - from : to - from + 2 * size;
    }

    long offset(int place) {
        return start + (long) PackedLayout.DESCRIPTOR_BYTES * (place < size ? place : place - size);
    }

    /** Reads the flags of a descriptor; what was written before them is visible. */
    int flags(int place) {
        return Ring.acquire(memory, offset(place) + PackedLayout.FLAGS);
    }

    boolean isAvailable(int flags, int place) {
        return (flags & OWNER) == available(place);
    }

    boolean isUsed(int flags, int place) {
        return (flags & OWNER) == used(place);
    }

    /** The flags that make a descriptor available. */
    int available(int place) {
        return place < size ? PackedLayout.AVAILABLE : PackedLayout.USED;
    }

    /** The flags that make a descriptor used. */
    int used(int place) {
        return place < size ? OWNER : 0;
    }

    long address(int place) {
        return memory.get(Ring.LONG, offset(place));
    }

    /** Reads length (lower half) and id (16 bits above it), at once. */
    long lengthAndId(int place) {
        return memory.get(Ring.LONG, offset(place) + PackedLayout.LENGTH);
    }

    static int length(long lengthAndId) {
        return (int) lengthAndId;
    }

    static int id(long lengthAndId) {
        return (int) (lengthAndId >>> 32) & 0xffff;
    }

    /** Writes an available descriptor. */
    void write(int place, long address, int length, int id, int flags) {
        memory.set(Ring.LONG, offset(place), address);
        write(place, length, id, flags);
    }

    /** Writes a used descriptor, which has no address. */
    void write(int place, int length, int id, int flags) {
        long at = offset(place);
        if (heldAt == NONE) {
            memory.set(Ring.INT, at + PackedLayout.LENGTH, length);
            memory.set(Ring.SHORT, at + PackedLayout.ID, (short) id);
            heldAt = at + PackedLayout.FLAGS;
            heldFlags = flags;
        } else {
            // Nobody looks at these flags before the held ones are there: all of it may go at once.
            long all = (length & 0xffff_ffffL) | (long) id << 32 | (long) flags << 48;
            memory.set(Ring.LONG, at + PackedLayout.LENGTH, all);
        }
    }

    /** Shows the other side what was written since the last call, if anything was. */
    void show() {
        if (heldAt != NONE) {
            Ring.release(memory, heldAt, heldFlags);
            heldAt = NONE;
        }
    }

    /** Forgets what was written and not shown. */
    void reset() {
        heldAt = NONE;
    }

    /** Whether no descriptor was used yet since the ring was filled with zeros. */
    boolean isNew() {
        for (int place = 0; place < size; place++) {
            if ((flags(place) & PackedLayout.USED) != 0) {
                return false;
            }
        }
        return true;
    }
}
