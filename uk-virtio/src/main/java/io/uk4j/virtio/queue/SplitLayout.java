package io.uk4j.virtio.queue;

/**
 * Where the parts of a split virtqueue lie (VIRTIO 1.3, section 2.7), in one piece of memory: descriptor table, available ring,
 * used ring on cache lines of its own, and a table of indirect descriptors for each entry.
 */
final class SplitLayout {
    static final int DESCRIPTOR_BYTES = 16;
    static final int USED_ELEMENT_BYTES = 8;

    /** A descriptor continues with the next one. */
    static final int NEXT = 1;
    /** The device writes. */
    static final int WRITE = 2;
    /** A descriptor refers to a table of them. */
    static final int INDIRECT = 4;

    /** In the available ring: the driver wants no notification. In the used ring: the device wants none. */
    static final int NO_NOTIFICATION = 1;

    // Within a descriptor.
    static final int LENGTH = 8;
    static final int FLAGS = 12;
    static final int NEXT_INDEX = 14;

    // Within either ring.
    static final int INDEX = 2;
    static final int ELEMENTS = 4;

    private static final int LINE_BYTES = 64;

    /** How many ranges a chain in an indirect table has at most: the fragments of the largest packet, and some more. */
    private static final int INDIRECT_ENTRIES = 64;

    private SplitLayout() {}

    static long availableOffset(int size) {
        return (long) size * DESCRIPTOR_BYTES;
    }

    static long availableBytes(int size) {
        return ELEMENTS + 2L * size + 2;
    }

    static long usedOffset(int size) {
        return (availableOffset(size) + availableBytes(size) + LINE_BYTES - 1) & -LINE_BYTES;
    }

    static long usedBytes(int size) {
        return ELEMENTS + (long) USED_ELEMENT_BYTES * size + 2;
    }

    static long indirectOffset(int size) {
        return (usedOffset(size) + usedBytes(size) + LINE_BYTES - 1) & -LINE_BYTES;
    }

    /** No chain may be longer than its queue, in a table of its own or not (section 2.7.5.3.1). */
    static int indirectEntries(int size) {
        return Math.min(size, INDIRECT_ENTRIES);
    }

    static long bytes(int size, boolean indirect) {
        long tables = indirect ? (long) size * indirectEntries(size) * DESCRIPTOR_BYTES : 0;
        return indirectOffset(size) + tables;
    }
}
