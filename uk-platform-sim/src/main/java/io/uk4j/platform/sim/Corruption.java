package io.uk4j.platform.sim;

import java.util.SplittableRandom;

/**
 * Bit errors that a host can notice. One flipped bit always changes the Internet checksum (RFC 1071), so a flip inside an
 * IPv4 packet or an IPv6 payload is found by a checksum above, if the sender made one. On a real link the frame check
 * sequence guards the rest; it is not part of our frames, so a frame that would be hit there is lost as a whole instead.
 */
final class Corruption {
    private static final int ETHERNET_BYTES = 14;
    private static final int IPV6_BYTES = 40;

    private final SplittableRandom random;

    Corruption(SplittableRandom random) {
        this.random = random;
    }

    /**
     * Flips one bit under a checksum of the layers above Ethernet.
     *
     * @param frame holds the frame from index 0 on
     * @param length how long it is
     * @return false if there is no such bit
     */
    boolean flipBit(byte[] frame, int length) {
        if (length < ETHERNET_BYTES + 20) {
            return false;
        }
        int from;
        int to;
        switch (u16(frame, 12)) {
            case 0x0800 -> {
                from = ETHERNET_BYTES;
                to = ETHERNET_BYTES + u16(frame, ETHERNET_BYTES + 2);
            }
            case 0x86dd -> {
                // IPv6 has no header checksum (RFC 8200, section 8.1).
                from = ETHERNET_BYTES + IPV6_BYTES;
                to = from + u16(frame, ETHERNET_BYTES + 4);
            }
            default -> {
                return false;
            }
        }
        // Padding behind the packet is under no checksum.
        to = Math.min(to, length);
        if (to <= from) {
            return false;
        }
        int bit = random.nextInt(8 * from, 8 * to);
        frame[bit >>> 3] ^= (byte) (1 << (bit & 7));
        return true;
    }

    /**
     * Does what a device does for a frame whose checksum was left to it: sums from {@code start} to the end, the stored
     * sum of the pseudo header included, and stores the complement (VIRTIO 1.3, section 5.1.6.2).
     *
     * @param start where the sum begins; {@code start + offset + 2} lies within the frame
     * @param offset where the checksum is, from {@code start}
     */
    static void completeChecksum(byte[] frame, int length, int start, int offset) {
        long sum = 0;
        int i = start;
        for (; i + 1 < length; i += 2) {
            sum += u16(frame, i);
        }
        if (i < length) {
            sum += (frame[i] & 0xff) << 8;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        int checksum = (int) ~sum & 0xffff;
        // UDP writes a sum of zero as its other form (RFC 768); TCP takes either.
        int stored = checksum == 0 ? 0xffff : checksum;
        frame[start + offset] = (byte) (stored >>> 8);
        frame[start + offset + 1] = (byte) stored;
    }

    private static int u16(byte[] frame, int at) {
        return (frame[at] & 0xff) << 8 | (frame[at + 1] & 0xff);
    }
}
