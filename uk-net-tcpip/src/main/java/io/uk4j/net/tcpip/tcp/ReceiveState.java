package io.uk4j.net.tcpip.tcp;

/** The receive sequence space (RFC 9293, section 3.3.1) and the state of acknowledging. */
final class ReceiveState {
    /** At the start of a connection the peer's window grows with each acknowledgement: it gets many (RFC 5681, section 4.2). */
    private static final int QUICK_ACKS = 16;

    final ReceiveQueue queue;
    final Reassembly reassembly = new Reassembly();
    private final int limitBytes;

    int irs;
    /** What is expected next. */
    int nxt;
    /** Behind the last sequence number that was ever offered (RFC 7323, section 2.4). */
    int edge;
    /** How far the window is shifted. */
    int scale;
    /** The acknowledgement last sent. */
    int lastAck;
    /** The peer's FIN has arrived, and all before it. */
    boolean finReceived;
    /** The peer's FIN has arrived ahead of its turn, and stands at {@link #finSeq}. */
    boolean finAhead;

    int finSeq;

    /** An acknowledgement is due now. */
    boolean ackNow;
    /** Full segments that were received and not acknowledged. */
    int unacknowledged;

    private int quickAcks = QUICK_ACKS;

    ReceiveState(ReceiveQueue queue, int limitBytes) {
        this.queue = queue;
        this.limitBytes = limitBytes;
    }

    void start(int initialSeq) {
        irs = initialSeq;
        nxt = initialSeq + 1;
        edge = nxt;
        lastAck = nxt;
        queue.bytes.restartAt(nxt);
    }

    /** How much the peer may send, beginning at {@link #nxt}. */
    int window() {
        return Math.max(0, edge - nxt);
    }

    /** In-order data has come: decides between an acknowledgement now and one that may wait (RFC 5681, section 4.2). */
    void onData(int segments) {
        unacknowledged += segments;
        if (quickAcks > 0) {
            quickAcks -= segments;
            ackNow = true;
        } else if (unacknowledged >= 2) {
            ackNow = true;
        }
    }

    /** After an idle time or a loss the peer's window is small again. */
    void restartQuickAcks() {
        quickAcks = QUICK_ACKS;
    }

    /**
     * Moves the edge as far as the buffer allows, in steps that are worth a segment (RFC 9293, section 3.8.6.2.2), and
     * never back.
     *
     * @return the value of the window field
     */
    int offerWindow(int shift, int segmentBytes) {
        int wanted = nxt + Math.min(queue.space(), 0xffff << shift);
        if (wanted - edge >= step(segmentBytes)) {
            edge = wanted;
        }
        return Math.min(window() >>> shift, 0xffff);
    }

    /** Whether the application has consumed so much that the peer should hear of it without being asked. */
    boolean isUpdateDue(int segmentBytes) {
        int opening = nxt + Math.min(queue.space(), 0xffff << scale) - edge;
        return opening >= Math.min(limitBytes / 2, 2 * segmentBytes)
                || (window() < segmentBytes && opening >= step(segmentBytes));
    }

    void acknowledged() {
        lastAck = nxt;
        ackNow = false;
        unacknowledged = 0;
    }

    private int step(int segmentBytes) {
        return Math.min(limitBytes / 2, segmentBytes);
    }
}
