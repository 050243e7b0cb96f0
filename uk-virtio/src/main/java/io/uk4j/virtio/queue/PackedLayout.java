package io.uk4j.virtio.queue;

/**
 * Where the parts of a packed virtqueue lie (VIRTIO 1.3, section 2.8), in one piece of memory: descriptor ring, the two event
 * suppression structures on cache lines of their own, and a table of indirect descriptors for each entry.
 */
final class PackedLayout {
    static final int DESCRIPTOR_BYTES = 16;
    static final int EVENT_BYTES = 4;

    /** A descriptor continues with the next one. */
    static final int NEXT = 1;
    /** The device writes, or has written. */
    static final int WRITE = 2;
    /** A descriptor refers to a table of them. */
    static final int INDIRECT = 4;
    /** As the wrap counter of the driver when it made the descriptor available, and of the device when it has used it. */
    static final int AVAILABLE = 1 << 7;
    /** The opposite of the driver's wrap counter in an available descriptor, as the device's one in a used descriptor. */
    static final int USED = 1 << 15;

    // Within a descriptor.
    static final int LENGTH = 8;
    static final int ID = 12;
    static final int FLAGS = 14;

    private static final int LINE_BYTES = 64;

    private PackedLayout() {}

    /** Where the driver's event suppression structure lies. */
    static long driverEventOffset(int size) {
        return ((long) size * DESCRIPTOR_BYTES + LINE_BYTES - 1) & -LINE_BYTES;
    }

    static long deviceEventOffset(int size) {
        return driverEventOffset(size) + LINE_BYTES;
    }

    static long indirectOffset(int size) {
        return deviceEventOffset(size) + LINE_BYTES;
    }

    static int indirectEntries(int size) {
        return SplitLayout.indirectEntries(size);
    }

    static long bytes(int size, boolean indirect) {
        long tables = indirect ? (long) size * indirectEntries(size) * DESCRIPTOR_BYTES : 0;
        return indirectOffset(size) + tables;
    }
}
