package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.uk4j.core.net.FrameBatch;
import java.lang.foreign.MemorySegment;

/**
 * What precedes each frame on a TAP: {@code struct virtio_net_hdr} (VIRTIO 1.3, section 5.1.6) without its last field
 * {@code num_buffers}, in the host's octet order.
 */
final class VnetHeader {
    /** Length in bytes. */
    static final int BYTES = 10;

    private static final int FLAGS = 0;
    private static final int GSO_TYPE = 1;
    private static final int HEADER_LENGTH = 2;
    private static final int GSO_SIZE = 4;
    private static final int CHECKSUM_START = 6;
    private static final int CHECKSUM_OFFSET = 8;

    private VnetHeader() {}

    /** Writes what a frame asks for; what speaks of reception is left out. */
    static void write(MemorySegment header, FrameBatch batch, int frame) {
        header.set(JAVA_BYTE, FLAGS, (byte) (batch.flags(frame) & FrameBatch.NEEDS_CHECKSUM));
        header.set(JAVA_BYTE, GSO_TYPE, (byte) batch.gsoType(frame));
        header.set(JAVA_SHORT, HEADER_LENGTH, (short) batch.headerLength(frame));
        header.set(JAVA_SHORT, GSO_SIZE, (short) batch.gsoSize(frame));
        header.set(JAVA_SHORT, CHECKSUM_START, (short) batch.checksumStart(frame));
        header.set(JAVA_SHORT, CHECKSUM_OFFSET, (short) batch.checksumOffset(frame));
    }

    /** Whether a received header is consistent, and speaks only of what a {@link FrameBatch} can carry. */
    static boolean isValid(MemorySegment header, int frameBytes) {
        int gsoType = header.get(JAVA_BYTE, GSO_TYPE) & 0xff & ~FrameBatch.GSO_ECN;
        boolean known = gsoType == FrameBatch.GSO_NONE
                ? header.get(JAVA_BYTE, GSO_TYPE) == 0
                : (gsoType == FrameBatch.GSO_TCPV4 || gsoType == FrameBatch.GSO_TCPV6)
                        && header.get(JAVA_SHORT, GSO_SIZE) != 0;
        boolean needsChecksum = (header.get(JAVA_BYTE, FLAGS) & FrameBatch.NEEDS_CHECKSUM) != 0;
        return known
                && (!needsChecksum
                        || unsigned(header, CHECKSUM_START) + unsigned(header, CHECKSUM_OFFSET) + 2 <= frameBytes);
    }

    /** Passes a valid received header on to the frame that is being built. */
    static void read(MemorySegment header, FrameBatch batch) {
        int flags = header.get(JAVA_BYTE, FLAGS) & (FrameBatch.NEEDS_CHECKSUM | FrameBatch.CHECKSUM_VALID);
        int gsoType = header.get(JAVA_BYTE, GSO_TYPE) & 0xff;
        if ((flags | gsoType) != 0) {
            batch.offload(
                    flags,
                    gsoType,
                    unsigned(header, GSO_SIZE),
                    unsigned(header, HEADER_LENGTH),
                    unsigned(header, CHECKSUM_START),
                    unsigned(header, CHECKSUM_OFFSET));
        }
    }

    private static int unsigned(MemorySegment header, int offset) {
        return header.get(JAVA_SHORT, offset) & 0xffff;
    }
}
