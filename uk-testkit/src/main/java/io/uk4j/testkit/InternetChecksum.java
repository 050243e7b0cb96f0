package io.uk4j.testkit;

/** The Internet checksum (RFC 1071), written plainly and apart from the stack's own. */
final class InternetChecksum {
    private InternetChecksum() {}

    /** The folded sum of 16-bit words, odd bytes padded with zero, added to another folded or plain sum. */
    static int sum(byte[] bytes, int from, int to, int initial) {
        long sum = initial;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }

    /** The folded sum of the IPv4 pseudo header (RFC 9293, section 3.1; RFC 768). */
    static int pseudoHeader(int source, int destination, int protocol, int length) {
        int sum = (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
        sum += protocol + length;
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }
}
