package io.uk4j.net.tcpip.ip;

import io.uk4j.core.EntropySource;

/**
 * Identifications for packets that may be fragmented (RFC 6864, section 4.3): a counter for each of a number of groups
 * of destinations. Which group a destination is in, and where its counter starts, are secret, so that nobody learns from
 * his own packets how many others get, or which numbers come next for them (RFC 7739, section 5.3).
 *
 * <p>Thread rule: loop-owned.
 */
final class Identification {
    private static final int GROUPS = 256;

    private final char[] counters = new char[GROUPS];
    private final long secret;

    Identification(EntropySource entropy) {
        secret = entropy.nextLong() | 1;
        long random = 0;
        for (int i = 0; i < GROUPS; i++) {
            random = (i & 3) == 0 ? entropy.nextLong() : random >>> 16;
            counters[i] = (char) random;
        }
    }

    int next(int destination, int protocol) {
        long key = ((long) destination << 8) | protocol;
        int group = (int) (((key ^ (secret >>> 24)) * secret) >>> 56);
        return counters[group]++;
    }
}
