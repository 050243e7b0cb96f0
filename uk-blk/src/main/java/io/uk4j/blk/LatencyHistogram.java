package io.uk4j.blk;

/**
 * How long requests took: counts in buckets that are a sixteenth of a power of two wide, so that what is read is at most 6.25 % above
 * the truth. It never forgets, and takes 8 KiB.
 *
 * <p>Thread rule: recorded to by one thread; others may read and see the state of a moment ago.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 4;
    private static final int SUBS = 1 << SUB_BITS;

    private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUBS];
    private long count;
    private long maxNs;

    LatencyHistogram() {}

    void record(long ns) {
        long value = Math.max(ns, 0);
        counts[index(value)]++;
        count++;
        maxNs = Math.max(maxNs, value);
    }

    private static int index(long value) {
        int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(value | 1);
        return power < SUB_BITS
                ? (int) value
                : ((power - SUB_BITS + 1) << SUB_BITS) + (int) ((value >>> (power - SUB_BITS)) & (SUBS - 1));
    }

    /** The largest value of a bucket. */
    private static long upper(int index) {
        int group = index >>> SUB_BITS;
        long sub = index & (SUBS - 1);
        return group == 0 ? sub : ((SUBS + sub + 1) << (group - 1)) - 1;
    }

    /** How many requests there were. */
    public long count() {
        return count;
    }

    /** How long the longest took. */
    public long maxNs() {
        return maxNs;
    }

    /**
     * How long the given share of requests took at most.
     *
     * @param share from 0 to 1, such as 0.99
     * @return nanoseconds; 0 if there were none
     * @throws IllegalArgumentException if the share is out of its range
     */
    public long quantileNs(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("A share of " + share + " is not from 0 to 1.");
        }
        long wanted = Math.max(1, (long) Math.ceil(share * count));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return Math.min(upper(i), maxNs);
            }
        }
        return maxNs;
    }
}
