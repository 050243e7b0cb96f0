package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;

/**
 * The Ethernet II header (RFC 894): destination, source, type. No VLAN tag, no frame check sequence.
 *
 * <p>Thread rule: stateless.
 */
public final class EthernetHeader {
    /** Its length. */
    public static final int BYTES = 14;

    /** The type of an IPv4 packet. */
    public static final int TYPE_IPV4 = 0x0800;

    /** The type of an ARP packet. */
    public static final int TYPE_ARP = 0x0806;

    /** The address of all stations. */
    public static final long BROADCAST = 0xffff_ffff_ffffL;

    private EthernetHeader() {}

    /** The destination's address, in the low 48 bits. */
    public static long destination(ByteBuf frame, int at) {
        return address(frame, at);
    }

    /** The source's address, in the low 48 bits. */
    public static long source(ByteBuf frame, int at) {
        return address(frame, at + 6);
    }

    /** What the frame carries. */
    public static int type(ByteBuf frame, int at) {
        return frame.getUnsignedShort(at + 12);
    }

    /** Writes a header. */
    public static void write(ByteBuf frame, int at, long destination, long source, int type) {
        frame.setLong(at, (destination << 16) | (source >>> 32));
        frame.setInt(at + 8, (int) source);
        frame.setShort(at + 12, type);
    }

    /** Whether an address names a group of stations. */
    public static boolean isGroup(long address) {
        return (address & 0x0100_0000_0000L) != 0;
    }

    /** The stations' group of an IPv4 multicast address (RFC 1112, section 6.4). */
    public static long multicast(int group) {
        return 0x0100_5e00_0000L | (group & 0x7f_ffff);
    }

    /** Reads six octets. */
    static long address(ByteBuf buffer, int at) {
        return ((long) buffer.getUnsignedShort(at) << 32) | (buffer.getInt(at + 2) & 0xffff_ffffL);
    }
}
