package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.EntropySource;

/**
 * SipHash (Aumasson and Bernstein, 2012) over two words: a keyed hash whose values tell nobody else anything. With 2 and
 * 4 rounds for what the network sees, with 1 and 3 for hash tables.
 */
final class SipHash {
    private static final long LENGTH_16 = 16L << 56;

    private final long key0;
    private final long key1;
    private final int compressionRounds;
    private final int finalRounds;

    private SipHash(long key0, long key1, int compressionRounds, int finalRounds) {
        this.key0 = key0;
        this.key1 = key1;
        this.compressionRounds = compressionRounds;
        this.finalRounds = finalRounds;
    }

    static SipHash strong(long key0, long key1) {
        return new SipHash(key0, key1, 2, 4);
    }

    static SipHash strong(EntropySource entropy) {
        return strong(entropy.nextLong(), entropy.nextLong());
    }

    static SipHash quick(EntropySource entropy) {
        return new SipHash(entropy.nextLong(), entropy.nextLong(), 1, 3);
    }

    /** The hash of an IPv4 connection's two ends. */
    long hash(int localAddress, int localPort, int remoteAddress, int remotePort) {
        return hash(
                ((long) localAddress << 32) | (remoteAddress & 0xffff_ffffL), ((long) localPort << 16) | remotePort);
    }

    /** The hash of 16 bytes, as two little-endian words. */
    long hash(long word0, long word1) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        int rounds = 3 * compressionRounds + finalRounds;
        long word = word0;
        v3 ^= word;
        for (int round = 0; round < rounds; round++) {
            if (round == compressionRounds) {
                v0 ^= word;
                word = word1;
                v3 ^= word;
            } else if (round == 2 * compressionRounds) {
                v0 ^= word;
                word = LENGTH_16;
                v3 ^= word;
            } else if (round == 3 * compressionRounds) {
                v0 ^= word;
                v2 ^= 0xff;
            }
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
