package io.uk4j.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Accesses to memory that driver and device share: little-endian (VIRTIO 1.3, section 1.4), with the ordering that is named. */
final class Ring {
    // Unaligned: a table of indirect descriptors may lie anywhere (section 2.7.5.3), and the check is saved elsewhere.
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle SHORTS =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private Ring() {}

    /** Reads a 16-bit index or set of flags; what was written before it is visible. */
    static int acquire(MemorySegment memory, long offset) {
        return (short) SHORTS.getAcquire(memory, offset) & 0xffff;
    }

    /** Writes a 16-bit index or set of flags, after all that was written before. */
    static void release(MemorySegment memory, long offset, int value) {
        SHORTS.setRelease(memory, offset, (short) value);
    }

    /** Reads 16 bits, once. */
    static int opaque(MemorySegment memory, long offset) {
        return (short) SHORTS.getOpaque(memory, offset) & 0xffff;
    }

    /** Writes 16 bits, at once. */
    static void opaque(MemorySegment memory, long offset, int value) {
        SHORTS.setOpaque(memory, offset, (short) value);
    }

    /**
     * Whether an index that moves from {@code from} to {@code to} passes {@code event} (VIRTIO 1.3, section 2.7.7.1).
     *
     * @param event the index whose passing the other side wants to hear of
     */
    static boolean passes(int event, int from, int to) {
        return ((to - event - 1) & 0xffff) < ((to - from) & 0xffff);
    }
}
