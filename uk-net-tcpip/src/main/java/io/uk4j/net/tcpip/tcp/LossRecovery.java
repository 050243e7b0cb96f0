package io.uk4j.net.tcpip.tcp;

/** Finds losses by duplicate acknowledgements, and recovers from them (RFC 5681, section 3.2; RFC 6582; RFC 3042). */
final class LossRecovery {
    private static final int DUPLICATES = 3;

    private int duplicates;
    private boolean recovering;
    /** Behind what was sent when the last recovery, or timeout, began; or somewhere before {@link SendState#una}. */
    private int recover;

    void start(int initialSeq) {
        recover = initialSeq;
    }

    boolean isRecovering() {
        return recovering;
    }

    /** How much more than the congestion window may be sent: a segment for each of the first two duplicates. */
    int extraBytes(int segmentBytes) {
        return !recovering && duplicates > 0 ? Math.min(duplicates, DUPLICATES - 1) * segmentBytes : 0;
    }

    /** A duplicate acknowledgement; returns true if it shows a loss and recovery begins. */
    boolean onDuplicate(SendState snd, CongestionControl congestion) {
        duplicates++;
        if (recovering) {
            congestion.onDuplicateAcknowledgement();
        } else if (duplicates == DUPLICATES && Seq.after(snd.una, recover)) {
            recovering = true;
            recover = snd.nxt;
            congestion.onLoss(snd.inFlight());
            snd.retransmitFirst = true;
            return true;
        }
        return false;
    }

    /** New data was acknowledged; {@link SendState#una} has moved. */
    void onAcknowledged(SendState snd, CongestionControl congestion, int ackedBytes, boolean windowLimited) {
        duplicates = 0;
        if (!recovering) {
            // Kept close: sequence numbers more than 2^31 apart do not compare.
            recover = Seq.max(recover, snd.una - 1);
            congestion.onAcknowledged(ackedBytes, windowLimited);
        } else if (Seq.atOrAfter(snd.una, recover)) {
            recovering = false;
            congestion.onRecovered(snd.inFlight());
        } else {
            // RFC 6582, section 3.2: the first hole is filled and the next one begins right here.
            congestion.onPartialAcknowledgement(ackedBytes);
            snd.retransmitFirst = true;
        }
    }

    void onTimeout(SendState snd) {
        duplicates = 0;
        recovering = false;
        recover = snd.nxt;
    }
}
