package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;

/**
 * An ARP packet for Ethernet and IPv4 (RFC 826).
 *
 * <p>Thread rule: stateless.
 */
public final class ArpPacket {
    /** Its length. */
    public static final int BYTES = 28;

    /** Who has the target's protocol address? */
    public static final int REQUEST = 1;

    /** The sender has it. */
    public static final int REPLY = 2;

    /** Hardware type 1, protocol type 0x0800, address lengths 6 and 4: the only combination there is here. */
    private static final long ETHERNET_IPV4 = 0x0001_0800_0604L;

    private ArpPacket() {}

    /** Whether this is a whole ARP packet for Ethernet and IPv4, with an operation that RFC 826 knows. */
    public static boolean isValid(ByteBuf packet, int at, int length) {
        if (length < BYTES) {
            return false;
        }
        long head = packet.getLong(at);
        int operation = (int) head & 0xffff;
        return head >>> 16 == ETHERNET_IPV4 && (operation == REQUEST || operation == REPLY);
    }

    /** {@link #REQUEST} or {@link #REPLY}. */
    public static int operation(ByteBuf packet, int at) {
        return packet.getUnsignedShort(at + 6);
    }

    /** The sender's Ethernet address. */
    public static long senderMac(ByteBuf packet, int at) {
        return EthernetHeader.address(packet, at + 8);
    }

    /** The sender's IPv4 address. */
    public static int senderAddress(ByteBuf packet, int at) {
        return packet.getInt(at + 14);
    }

    /** The target's Ethernet address. */
    public static long targetMac(ByteBuf packet, int at) {
        return EthernetHeader.address(packet, at + 18);
    }

    /** The target's IPv4 address. */
    public static int targetAddress(ByteBuf packet, int at) {
        return packet.getInt(at + 24);
    }

    /** Writes a packet. */
    public static void write(
            ByteBuf packet,
            int at,
            int operation,
            long senderMac,
            int senderAddress,
            long targetMac,
            int targetAddress) {
        packet.setLong(at, (ETHERNET_IPV4 << 16) | operation);
        packet.setLong(at + 8, (senderMac << 16) | (senderAddress >>> 16));
        packet.setShort(at + 16, senderAddress);
        packet.setShort(at + 18, (int) (targetMac >>> 32));
        packet.setInt(at + 20, (int) targetMac);
        packet.setInt(at + 24, targetAddress);
    }
}
