package io.uk4j.net.tcpip.tcp;

/** The round-trip time and the retransmission timeout (RFC 6298). Times in nanoseconds. */
final class RttEstimator {
    /** RFC 6298, rule 2.1: before the first measurement. */
    static final long INITIAL_RTO_NS = 1_000_000_000L;

    /** RFC 6298, rule 5.7. */
    static final long SYN_LOST_RTO_NS = 3_000_000_000L;

    private static final int MAX_BACKOFF = 16;

    private final long minRtoNs;
    private final long maxRtoNs;
    private long smoothedNs;
    private long variationNs;
    private long rtoNs = INITIAL_RTO_NS;
    private int backoff;

    RttEstimator(long minRtoNs, long maxRtoNs) {
        this.minRtoNs = minRtoNs;
        this.maxRtoNs = maxRtoNs;
    }

    /**
     * A measurement, never of a segment that was sent twice (Karn). Ends the backoff (rule 5.7).
     *
     * @param rttNs what was measured
     * @param granularityNs of the clock that measured it (rule 2.3's G)
     */
    void sample(long rttNs, long granularityNs) {
        long rtt = Math.max(rttNs, 1);
        if (smoothedNs == 0) {
            smoothedNs = rtt;
            variationNs = rtt / 2;
        } else {
            variationNs += (Math.abs(smoothedNs - rtt) - variationNs) / 4;
            smoothedNs += (rtt - smoothedNs) / 8;
        }
        rtoNs = Math.clamp(smoothedNs + Math.max(granularityNs, 4 * variationNs), minRtoNs, maxRtoNs);
        backoff = 0;
    }

    /** The timeout has run out: the next one is twice as long (rule 5.5). */
    void backOff() {
        backoff = Math.min(backoff + 1, MAX_BACKOFF);
    }

    /** The handshake is done, but not without a timeout: unless there is a measurement, the first guess was too short. */
    void onSynLost() {
        if (smoothedNs == 0) {
            rtoNs = Math.max(rtoNs, SYN_LOST_RTO_NS);
        }
    }

    /** New data was acknowledged without a measurement: what was sent last got through. */
    void forgetBackoff() {
        backoff = 0;
    }

    long rtoNs() {
        return Math.min(rtoNs << backoff, maxRtoNs);
    }

    /** The timeout, doubled some times, for probes that have a backoff of their own. */
    long rtoNs(int doublings) {
        return Math.min(rtoNs << Math.min(doublings, MAX_BACKOFF), maxRtoNs);
    }

    long smoothedNs() {
        return smoothedNs;
    }

    long variationNs() {
        return variationNs;
    }
}
