package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.stats.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * The IPv4 header (RFC 791, section 3.1).
 *
 * <p>Thread rule: stateless.
 */
public final class Ipv4Header {
    /** Its length without options. */
    public static final int BYTES = 20;

    /** Its length with as many options as fit. */
    public static final int MAX_BYTES = 60;

    /** The largest packet. */
    public static final int MAX_PACKET_BYTES = 65_535;

    /** The transport number of ICMP. */
    public static final int PROTOCOL_ICMP = 1;

    /** The transport number of TCP. */
    public static final int PROTOCOL_TCP = 6;

    /** The transport number of UDP. */
    public static final int PROTOCOL_UDP = 17;

    /** Bit of the flags-and-offset word: routers may not fragment this packet. */
    public static final int DONT_FRAGMENT = 0x4000;

    /** Bit of the flags-and-offset word: this is not the last fragment. */
    public static final int MORE_FRAGMENTS = 0x2000;

    private static final int OFFSET_MASK = 0x1fff;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_LOOSE_SOURCE_ROUTE = 131;
    private static final int OPTION_STRICT_SOURCE_ROUTE = 137;

    private Ipv4Header() {}

    /**
     * Checks everything that a header says about itself: version, lengths, checksum, options.
     *
     * @param packet where the header begins at {@code at}
     * @param at index of its first byte
     * @param contiguous how many bytes there are in this buffer
     * @param available how many bytes there are in all, with further fragments of the frame
     * @return why the packet is to be dropped, or null: then all accessors may be used, and {@link #totalBytes} lies
     *     within {@link #headerBytes} and {@code available}
     */
    public static @Nullable DropReason problem(ByteBuf packet, int at, int contiguous, int available) {
        if (contiguous < BYTES) {
            return available < BYTES ? DropReason.IP_TRUNCATED : DropReason.IP_HEADER_SPLIT;
        }
        int first = packet.getUnsignedByte(at);
        if (first >>> 4 != 4) {
            return DropReason.IP_VERSION;
        }
        int headerBytes = (first & 0xf) << 2;
        if (headerBytes < BYTES) {
            return DropReason.IP_HEADER_LENGTH;
        }
        if (headerBytes > contiguous) {
            return headerBytes > available ? DropReason.IP_TRUNCATED : DropReason.IP_HEADER_SPLIT;
        }
        int totalBytes = totalBytes(packet, at);
        if (totalBytes < headerBytes) {
            return DropReason.IP_TOTAL_LENGTH;
        }
        if (totalBytes > available) {
            return DropReason.IP_TRUNCATED;
        }
        if (Checksum.fold(Checksum.sum(packet, at, headerBytes)) != 0xffff) {
            return DropReason.IP_CHECKSUM;
        }
        return headerBytes == BYTES ? null : optionProblem(packet, at + BYTES, at + headerBytes);
    }

    /** Options are skipped, except that a source route is refused (RFC 7126, sections 4.3 and 4.4). */
    private static @Nullable DropReason optionProblem(ByteBuf packet, int from, int end) {
        int at = from;
        while (at < end) {
            int kind = packet.getUnsignedByte(at);
            if (kind == OPTION_END) {
                return null;
            }
            if (kind == OPTION_NOP) {
                at++;
                continue;
            }
            if (kind == OPTION_LOOSE_SOURCE_ROUTE || kind == OPTION_STRICT_SOURCE_ROUTE) {
                return DropReason.IP_SOURCE_ROUTE;
            }
            int length = at + 1 < end ? packet.getUnsignedByte(at + 1) : 0;
            if (length < 2 || length > end - at) {
                return DropReason.IP_OPTIONS;
            }
            at += length;
        }
        return null;
    }

    /** Length of the header with its options. */
    public static int headerBytes(ByteBuf packet, int at) {
        return (packet.getByte(at) & 0xf) << 2;
    }

    /** DSCP and ECN. */
    public static int trafficClass(ByteBuf packet, int at) {
        return packet.getUnsignedByte(at + 1);
    }

    /** Length of header and payload. */
    public static int totalBytes(ByteBuf packet, int at) {
        return packet.getUnsignedShort(at + 2);
    }

    /** What tells fragments of different packets apart. */
    public static int identification(ByteBuf packet, int at) {
        return packet.getUnsignedShort(at + 4);
    }

    /** Whether this is a part of a larger packet: more fragments follow, or some came before. */
    public static boolean isFragment(ByteBuf packet, int at) {
        return (packet.getUnsignedShort(at + 6) & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
    }

    /** Whether more fragments follow this one. */
    public static boolean hasMoreFragments(ByteBuf packet, int at) {
        return (packet.getUnsignedShort(at + 6) & MORE_FRAGMENTS) != 0;
    }

    /** Whether routers may not fragment this packet. */
    public static boolean isDontFragment(ByteBuf packet, int at) {
        return (packet.getUnsignedShort(at + 6) & DONT_FRAGMENT) != 0;
    }

    /** Where this fragment's payload stands in that of the whole packet, in bytes. */
    public static int fragmentOffset(ByteBuf packet, int at) {
        return (packet.getUnsignedShort(at + 6) & OFFSET_MASK) << 3;
    }

    /** Time to live, in hops. */
    public static int ttl(ByteBuf packet, int at) {
        return packet.getUnsignedByte(at + 8);
    }

    /** The transport's number. */
    public static int protocol(ByteBuf packet, int at) {
        return packet.getUnsignedByte(at + 9);
    }

    /** The source's address. */
    public static int source(ByteBuf packet, int at) {
        return packet.getInt(at + 12);
    }

    /** The destination's address. */
    public static int destination(ByteBuf packet, int at) {
        return packet.getInt(at + 16);
    }

    /**
     * Writes a header without options, checksum included.
     *
     * @param flagsAndOffset {@link #DONT_FRAGMENT}, {@link #MORE_FRAGMENTS} and the fragment's offset in units of 8 bytes
     */
    public static void write(
            ByteBuf packet,
            int at,
            int trafficClass,
            int totalBytes,
            int identification,
            int flagsAndOffset,
            int ttl,
            int protocol,
            int source,
            int destination) {
        int word0 = 0x4500_0000 | (trafficClass << 16) | totalBytes;
        int word1 = (identification << 16) | flagsAndOffset;
        int word2 = (ttl << 24) | (protocol << 16);
        int checksum = Checksum.finish((word0 & 0xffff_ffffL)
                + (word1 & 0xffff_ffffL)
                + (word2 & 0xffff_ffffL)
                + (source & 0xffff_ffffL)
                + (destination & 0xffff_ffffL));
        packet.setInt(at, word0);
        packet.setInt(at + 4, word1);
        packet.setInt(at + 8, word2 | checksum);
        packet.setInt(at + 12, source);
        packet.setInt(at + 16, destination);
    }
}
