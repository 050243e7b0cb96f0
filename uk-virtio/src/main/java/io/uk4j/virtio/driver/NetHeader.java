package io.uk4j.virtio.driver;

import io.uk4j.core.net.FrameBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What precedes each frame (VIRTIO 1.3, section 5.1.6, struct virtio_net_hdr): 12 bytes, little-endian, kept here as a long and
 * an int so that it is read from memory that the device can reach once.
 */
final class NetHeader {
    static final int BYTES = 12;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private NetHeader() {}

    /** Writes what a frame asks for. */
    static void write(MemorySegment memory, long offset, FrameBatch batch, int frame) {
        // The other flags are of no interest to a device, or not agreed on.
        long first = batch.offloads(frame) & ~(0xffL & ~FrameBatch.NEEDS_CHECKSUM);
        int last = batch.checksumOffset(frame);
        // Most headers are all zeros, as the one before: the device's copy of the line stays good where nothing is
        // written.
        if (memory.get(LONG, offset) != first || memory.get(INT, offset + 8) != last) {
            memory.set(LONG, offset, first);
            memory.set(INT, offset + 8, last);
        }
    }

    /** The header's first eight bytes: flags, segmentation type, header length, segment size, checksum start. */
    static long first(MemorySegment memory, long offset) {
        return memory.get(LONG, offset);
    }

    /** The header's last four bytes: checksum offset, number of buffers. */
    static int last(MemorySegment memory, long offset) {
        return memory.get(INT, offset);
    }

    /** In how many buffers the frame lies, where they can be merged. */
    static int buffers(int last) {
        return last >>> 16;
    }

    /**
     * Whether a received header is consistent and speaks only of what was agreed on.
     *
     * @param gsoTypes the types of frames that the device may put together, as bits
     */
    static boolean isValid(long first, int last, int frameBytes, boolean checksum, int gsoTypes) {
        int flags = (int) first & 0xff;
        int type = (int) (first >>> 8) & 0xff;
        if (type != FrameBatch.GSO_NONE) {
            int bare = type & ~FrameBatch.GSO_ECN;
            boolean known = type != (FrameBatch.GSO_UDP | FrameBatch.GSO_ECN)
                    && bare < Integer.SIZE
                    && ((gsoTypes >> bare) & 1) != 0;
            if (!known || ((first >>> 32) & 0xffff) == 0) {
                return false;
            }
        }
        if ((flags & FrameBatch.NEEDS_CHECKSUM) == 0) {
            return true;
        }
        return checksum && (int) (first >>> 48) + (last & 0xffff) + 2 <= frameBytes;
    }

    /**
     * Passes a valid received header on to the frame that is being built.
     *
     * @param checksum whether checksums were agreed on; if not, a device has no say in them, though some say that one is valid
     */
    static void pass(long first, int last, boolean checksum, FrameBatch batch) {
        int flags = checksum ? (int) first & (FrameBatch.NEEDS_CHECKSUM | FrameBatch.CHECKSUM_VALID) : 0;
        int type = (int) (first >>> 8) & 0xff;
        if ((flags | type) != 0) {
            batch.offload(
                    flags,
                    type,
                    (int) (first >>> 32) & 0xffff,
                    (int) (first >>> 16) & 0xffff,
                    (int) (first >>> 48),
                    last & 0xffff);
        }
    }
}
