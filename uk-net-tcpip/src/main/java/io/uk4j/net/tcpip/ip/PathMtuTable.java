package io.uk4j.net.tcpip.ip;

import io.uk4j.core.Clock;

/**
 * What was found out about the way to some hosts (RFC 1191). Each entry is forgotten after ten minutes, so that a wider
 * way is found again (section 6.3). Bounded: two hosts of the same hash displace each other.
 *
 * <p>Thread rule: loop-owned.
 */
final class PathMtuTable {
    /** Claims of less are taken as this: no link of today is narrower, and tiny segments are what an attacker wants. */
    static final int MIN_BYTES = 552;

    static final long LIFETIME_NS = 600_000_000_000L;

    private static final int SLOTS = 256;

    private final Clock clock;
    private final long secret;
    private final int linkMtuBytes;
    private final int[] destinations = new int[SLOTS];
    private final char[] mtusBytes = new char[SLOTS];
    private final long[] expiriesNs = new long[SLOTS];

    PathMtuTable(Clock clock, long secret, int linkMtuBytes) {
        this.clock = clock;
        this.secret = secret | 1;
        this.linkMtuBytes = linkMtuBytes;
    }

    int get(int destination) {
        int slot = slot(destination);
        // No clock is read for hosts without an entry, and those are nearly all.
        if (destinations[slot] == destination && mtusBytes[slot] != 0) {
            if (clock.nowNs() - expiriesNs[slot] < 0) {
                return mtusBytes[slot];
            }
            mtusBytes[slot] = 0;
        }
        return linkMtuBytes;
    }

    void lower(int destination, int mtuBytes) {
        int plausible = Math.max(mtuBytes, MIN_BYTES);
        if (plausible < get(destination)) {
            int slot = slot(destination);
            destinations[slot] = destination;
            mtusBytes[slot] = (char) plausible;
            expiriesNs[slot] = clock.nowNs() + LIFETIME_NS;
        }
    }

    private int slot(int destination) {
        return (int) (((destination ^ (secret >>> 32)) * secret) >>> 56);
    }
}
