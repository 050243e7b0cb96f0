package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;

/**
 * The ICMP header (RFC 792): type, code, checksum, and four octets whose meaning hangs on the type.
 *
 * <p>Thread rule: stateless.
 */
public final class IcmpHeader {
    /** Its length. */
    public static final int BYTES = 8;

    /** The answer to an echo. */
    public static final int ECHO_REPLY = 0;

    /** A packet could not be delivered. */
    public static final int DESTINATION_UNREACHABLE = 3;

    /** Please return what follows. */
    public static final int ECHO = 8;

    /** A packet was dropped as its time was over. */
    public static final int TIME_EXCEEDED = 11;

    /** A packet was dropped as its header made no sense. */
    public static final int PARAMETER_PROBLEM = 12;

    /** Code of {@link #DESTINATION_UNREACHABLE}: the host does not speak the protocol. */
    public static final int CODE_PROTOCOL = 2;

    /** Code of {@link #DESTINATION_UNREACHABLE}: nobody listens at the port. */
    public static final int CODE_PORT = 3;

    /** Code of {@link #DESTINATION_UNREACHABLE}: it is too big and may not be fragmented. */
    public static final int CODE_FRAGMENTATION_NEEDED = 4;

    /** Code of {@link #TIME_EXCEEDED}: not all fragments came. */
    public static final int CODE_REASSEMBLY = 1;

    private IcmpHeader() {}

    /** The kind of message. */
    public static int type(ByteBuf packet, int at) {
        return packet.getUnsignedByte(at);
    }

    /** The kind within the kind. */
    public static int code(ByteBuf packet, int at) {
        return packet.getUnsignedByte(at + 1);
    }

    /** The checksum over the whole message. */
    public static int checksum(ByteBuf packet, int at) {
        return packet.getUnsignedShort(at + 2);
    }

    /** The next hop's MTU in a message of {@link #CODE_FRAGMENTATION_NEEDED} (RFC 1191, section 4); 0 from old routers. */
    public static int nextHopMtuBytes(ByteBuf packet, int at) {
        return packet.getUnsignedShort(at + 6);
    }

    /** Writes a header with a checksum of 0 and nothing in the last four octets. */
    public static void write(ByteBuf packet, int at, int type, int code) {
        packet.setLong(at, ((long) type << 56) | ((long) code << 48));
    }

    /** Stores the checksum. */
    public static void setChecksum(ByteBuf packet, int at, int checksum) {
        packet.setShort(at + 2, checksum);
    }
}
