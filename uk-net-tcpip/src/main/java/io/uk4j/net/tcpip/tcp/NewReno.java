package io.uk4j.net.tcpip.tcp;

/** Reno's congestion control (RFC 5681) with NewReno's recovery (RFC 6582) and the initial window of RFC 6928. */
final class NewReno implements CongestionControl {
    /** RFC 9406, section 4.3: growth for one acknowledgement, in segments, of a sender that does not pace. */
    private static final int GROWTH_LIMIT = 8;

    /** Kept so far below 2^31 that sums stay positive. */
    private static final int MAX_WINDOW_BYTES = 1 << 30;

    private int segmentBytes;
    private int window;
    private int threshold = MAX_WINDOW_BYTES;
    private int ackedInAvoidance;

    @Override
    public int windowBytes() {
        return window;
    }

    @Override
    public int slowStartThresholdBytes() {
        return threshold;
    }

    @Override
    public void onEstablished(int bytes, boolean synLost) {
        segmentBytes = bytes;
        // RFC 6928, section 2: a SYN that was lost leaves one segment.
        window = synLost ? segmentBytes : initialWindow();
        threshold = MAX_WINDOW_BYTES;
    }

    @Override
    public void onSegmentSize(int bytes) {
        segmentBytes = bytes;
        window = Math.max(window, segmentBytes);
    }

    @Override
    public void onAcknowledged(int ackedBytes, boolean windowLimited) {
        // RFC 7661: a window that was not used says nothing about what the network bears.
        if (!windowLimited) {
            return;
        }
        if (window < threshold) {
            window = bounded(window + Math.min(ackedBytes, GROWTH_LIMIT * segmentBytes));
            return;
        }
        ackedInAvoidance += ackedBytes;
        if (ackedInAvoidance >= window) {
            ackedInAvoidance -= window;
            window = bounded(window + segmentBytes);
        }
    }

    @Override
    public void onLoss(int inFlightBytes) {
        threshold = Math.max(inFlightBytes / 2, 2 * segmentBytes);
        window = bounded(threshold + 3 * segmentBytes);
    }

    @Override
    public void onDuplicateAcknowledgement() {
        window = bounded(window + segmentBytes);
    }

    @Override
    public void onPartialAcknowledgement(int ackedBytes) {
        int deflated = window - ackedBytes + (ackedBytes >= segmentBytes ? segmentBytes : 0);
        window = Math.max(deflated, segmentBytes);
    }

    @Override
    public void onRecovered(int inFlightBytes) {
        window = Math.min(threshold, Math.max(inFlightBytes, segmentBytes) + segmentBytes);
        ackedInAvoidance = 0;
    }

    @Override
    public void onTimeout(int inFlightBytes, boolean again) {
        if (!again) {
            threshold = Math.max(inFlightBytes / 2, 2 * segmentBytes);
        }
        window = segmentBytes;
        ackedInAvoidance = 0;
    }

    @Override
    public void onIdle() {
        window = Math.min(window, initialWindow());
    }

    private int initialWindow() {
        return Math.min(10 * segmentBytes, Math.max(2 * segmentBytes, 14_600));
    }

    private static int bounded(int bytes) {
        return Math.min(bytes, MAX_WINDOW_BYTES);
    }
}
