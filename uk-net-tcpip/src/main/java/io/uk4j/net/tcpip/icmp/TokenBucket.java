package io.uk4j.net.tcpip.icmp;

/**
 * Lets so many things happen a second, and a few at once.
 *
 * <p>Thread rule: loop-owned.
 */
final class TokenBucket {
    private final long intervalNs;
    private final long burstNs;

    /** The time up to which tokens are used up; it lags behind by at most a burst. */
    private long usedUntilNs;

    /**
     * Makes a full bucket.
     *
     * @param perSecond how many tokens come in a second, 1 or more
     * @param burst how many the bucket holds, 1 or more
     */
    TokenBucket(int perSecond, int burst, long nowNs) {
        intervalNs = 1_000_000_000L / perSecond;
        burstNs = intervalNs * burst;
        usedUntilNs = nowNs - burstNs;
    }

    boolean tryTake(long nowNs) {
        if (nowNs - usedUntilNs > burstNs) {
            usedUntilNs = nowNs - burstNs;
        }
        if (nowNs - usedUntilNs < intervalNs) {
            return false;
        }
        usedUntilNs += intervalNs;
        return true;
    }
}
