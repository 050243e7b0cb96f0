package io.uk4j.net.tcpip.wire;

import io.netty.buffer.ByteBuf;
import io.uk4j.mm.PoolBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071), taken in two steps: partial sums that are added freely as {@code long}, then one
 * {@link #fold} or {@link #finish}. A partial sum counts 16-bit words in network order from an even position; what
 * begins at an odd position of the whole is added with {@link #addAt}.
 *
 * <p>A partial sum of less than 2 GiB is under 2^62, so a handful of them never overflow.
 *
 * <p>Thread rule: stateless.
 */
public final class Checksum {
    /** Shorter ranges are not worth the type check. */
    private static final int SEGMENT_MIN_BYTES = 64;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Checksum() {}

    /**
     * The partial sum of a range.
     *
     * @param buffer only read, at absolute indices
     * @param offset index of the first byte
     * @param length how many bytes; an odd one is padded with a zero byte
     */
    public static long sum(ByteBuf buffer, int offset, int length) {
        if (length >= SEGMENT_MIN_BYTES && buffer instanceof PoolBuffer slot) {
            return sum(slot.segment(), offset, length);
        }
        long sum = 0;
        int at = offset;
        int end = offset + length;
        for (; at <= end - 8; at += 8) {
            long word = buffer.getLong(at);
            sum += (word >>> 32) + (word & 0xffff_ffffL);
        }
        if (at <= end - 4) {
            sum += buffer.getInt(at) & 0xffff_ffffL;
            at += 4;
        }
        if (at <= end - 2) {
            sum += buffer.getUnsignedShort(at);
            at += 2;
        }
        return at < end ? sum + (buffer.getUnsignedByte(at) << 8) : sum;
    }

    /** Four independent chains over halves of 32 bits, which cannot overflow a long: no carry is looked at in the loop. */
    private static long sum(MemorySegment segment, long offset, int length) {
        long first = 0;
        long second = 0;
        long third = 0;
        long fourth = 0;
        long at = offset;
        long end = offset + length;
        for (; at <= end - 32; at += 32) {
            long a = segment.get(LONG, at);
            long b = segment.get(LONG, at + 8);
            long c = segment.get(LONG, at + 16);
            long d = segment.get(LONG, at + 24);
            first += (a >>> 32) + (a & 0xffff_ffffL);
            second += (b >>> 32) + (b & 0xffff_ffffL);
            third += (c >>> 32) + (c & 0xffff_ffffL);
            fourth += (d >>> 32) + (d & 0xffff_ffffL);
        }
        long sum = first + second + third + fourth;
        for (; at <= end - 8; at += 8) {
            long a = segment.get(LONG, at);
            sum += (a >>> 32) + (a & 0xffff_ffffL);
        }
        for (; at <= end - 2; at += 2) {
            sum += segment.get(SHORT, at) & 0xffff;
        }
        return at < end ? sum + ((segment.get(ValueLayout.JAVA_BYTE, at) & 0xff) << 8) : sum;
    }

    /**
     * A partial sum with a range added that begins {@code position} bytes into the whole. One's complement sums do not
     * depend on the octet order (RFC 1071, section 2 B), so a range at an odd position only has its octets swapped.
     *
     * @param sum so far
     * @param position how many bytes {@code sum} covers; only its lowest bit counts
     * @param buffer only read, at absolute indices
     * @param offset index of the first byte
     * @param length how many bytes
     */
    public static long addAt(long sum, int position, ByteBuf buffer, int offset, int length) {
        long range = sum(buffer, offset, length);
        return sum + ((position & 1) == 0 ? range : swap(fold(range)));
    }

    /**
     * The partial sum of IPv4's pseudo header (RFC 793, section 3.1; RFC 768).
     *
     * @param source the source's address
     * @param destination the destination's address
     * @param protocol the transport's number
     * @param bytes length of the transport header and its payload
     */
    public static long pseudoHeader(int source, int destination, int protocol, int bytes) {
        return (source & 0xffff_ffffL) + (destination & 0xffff_ffffL) + protocol + bytes;
    }

    /** A partial sum folded to 16 bits. A range that holds its own valid checksum folds to 0xffff. */
    public static int fold(long sum) {
        long folded = (sum & 0xffff_ffffL) + (sum >>> 32);
        folded = (folded & 0xffff) + ((folded >>> 16) & 0xffff) + (folded >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) ((folded & 0xffff) + (folded >>> 16));
    }

    /** The checksum to be stored: the complement of the folded sum, 0 to 0xffff. */
    public static int finish(long sum) {
        return ~fold(sum) & 0xffff;
    }

    /**
     * A stored checksum after one of the 16-bit words that it covers has changed (RFC 1624, equation 3).
     *
     * @param checksum as stored
     * @param oldWord the word before, 0 to 0xffff
     * @param newWord the word now, 0 to 0xffff
     */
    public static int update(int checksum, int oldWord, int newWord) {
        return finish((~checksum & 0xffff) + (~oldWord & 0xffff) + (long) newWord);
    }

    private static int swap(int word) {
        return ((word & 0xff) << 8) | (word >>> 8);
    }
}
