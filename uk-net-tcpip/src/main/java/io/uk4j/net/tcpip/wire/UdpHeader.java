package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;

/**
 * The UDP header (RFC 768).
 *
 * <p>Thread rule: stateless.
 */
public final class UdpHeader {
    /** Its length. */
    public static final int BYTES = 8;

    /** Where the checksum stands. */
    public static final int CHECKSUM_OFFSET = 6;

    private UdpHeader() {}

    /** The sender's port; 0 where no answer is wanted. */
    public static int sourcePort(ByteBuf datagram, int at) {
        return datagram.getUnsignedShort(at);
    }

    /** The receiver's port. */
    public static int destinationPort(ByteBuf datagram, int at) {
        return datagram.getUnsignedShort(at + 2);
    }

    /** Length of header and payload. */
    public static int length(ByteBuf datagram, int at) {
        return datagram.getUnsignedShort(at + 4);
    }

    /** The checksum; 0 if the sender computed none. */
    public static int checksum(ByteBuf datagram, int at) {
        return datagram.getUnsignedShort(at + CHECKSUM_OFFSET);
    }

    /** Writes a header. */
    public static void write(ByteBuf datagram, int at, int sourcePort, int destinationPort, int length, int checksum) {
        datagram.setLong(
                at, ((long) sourcePort << 48) | ((long) destinationPort << 32) | ((long) length << 16) | checksum);
    }
}
