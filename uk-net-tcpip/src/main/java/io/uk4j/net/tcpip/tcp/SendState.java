package io.uk4j.net.tcpip.tcp;

/** The send sequence space (RFC 9293, section 3.3.1), with the names that the RFC uses. */
final class SendState {
    /** RFC 9293, section 3.7.1: what a peer takes that names no segment size. */
    static final int DEFAULT_MSS = 536;

    /** A peer that asks for less gets this all the same: options would leave no room for data. */
    static final int MIN_MSS = 48;

    final SendQueue queue;
    int iss;
    /** The oldest unacknowledged sequence number. */
    int una;
    /** Behind the last sequence number that was ever sent. */
    int nxt;
    /** What is sent next: {@link #nxt}, or less after a timeout, when all that is unacknowledged goes out again. */
    int cursor;
    /** The peer's window, in bytes from {@link #una}. */
    int wnd;
    /** The segment that the window was taken from. */
    int wl1;

    int wl2;
    /** The largest window that the peer has offered. */
    int maxWnd;
    /** How far the peer's window is shifted. */
    int scale;
    /** What the peer takes, before any option. */
    int peerMss = DEFAULT_MSS;
    /** What is sent, before any option: the peer's bound, or what the path bears. */
    int mss = DEFAULT_MSS;

    boolean noDelay;
    /** Whether this side's stream has ended; the FIN's sequence number is the end of the queue. */
    boolean finQueued;
    /** Behind the last segment that was sent though it was not full (Minshall's form of Nagle's algorithm). */
    int shortEnd;
    /** The segment at {@link #una} is to be sent again, once. */
    boolean retransmitFirst;
    /** The window is closed, or too small, and it is time to look whether that still holds. */
    boolean windowProbe;
    /** The peer is to be asked for a sign of life. */
    boolean keepAliveProbe;

    SendState(SendQueue queue) {
        this.queue = queue;
    }

    void start(int initialSeq) {
        iss = initialSeq;
        una = initialSeq;
        nxt = initialSeq;
        cursor = initialSeq;
        shortEnd = initialSeq;
        queue.bytes.restartAt(initialSeq + 1);
    }

    /** Behind the last byte of the queue: where the FIN stands or will stand. */
    int endSeq() {
        return queue.bytes.endSeq();
    }

    /**
     * Where a segment without data stands: behind all that was sent, but not beyond the peer's window, though a probe may
     * have been; there it would not be acceptable (RFC 9293, section 3.10.7.4).
     */
    int emptySeq() {
        return Seq.min(nxt, una + wnd);
    }

    int inFlight() {
        return nxt - una;
    }

    /** Whether something is under way that the retransmission timer watches. */
    boolean isUnderWay() {
        return cursor != una;
    }

    boolean isSynSent() {
        return nxt != iss;
    }

    boolean isFinSent() {
        return finQueued && Seq.after(nxt, endSeq());
    }

    boolean isFinAcknowledged() {
        return finQueued && Seq.after(una, endSeq());
    }

    /** Whether there is data, or a FIN, that was not sent (again) yet. */
    boolean hasUnsent() {
        int end = finQueued ? endSeq() + 1 : endSeq();
        return Seq.before(cursor, end);
    }
}
