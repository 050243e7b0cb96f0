package io.uk4j.net.tcpip.tcp;

/**
 * How much may be in flight. It is told what happened; finding losses is not its business. Sizes in bytes.
 *
 * <p>Thread rule: loop-owned, one for each connection.
 */
interface CongestionControl {
    /** The congestion window. */
    int windowBytes();

    /** Where slow start ends. */
    int slowStartThresholdBytes();

    /**
     * The handshake is done: the segment size is known.
     *
     * @param segmentBytes payload of a full segment
     * @param synLost whether a SYN had to be sent again
     */
    void onEstablished(int segmentBytes, boolean synLost);

    /** Path MTU discovery has changed the segment size. */
    void onSegmentSize(int segmentBytes);

    /**
     * New data was acknowledged outside of recovery.
     *
     * @param ackedBytes how much
     * @param windowLimited whether the window, not the application, bounded what was in flight
     */
    void onAcknowledged(int ackedBytes, boolean windowLimited);

    /** Duplicate acknowledgements have shown a loss: recovery begins. */
    void onLoss(int inFlightBytes);

    /** In recovery, a duplicate acknowledgement says that a segment has left the network. */
    void onDuplicateAcknowledgement();

    /** In recovery, some but not all of what was in flight at its beginning was acknowledged. */
    void onPartialAcknowledgement(int ackedBytes);

    /** All of what was in flight at the beginning of recovery was acknowledged. */
    void onRecovered(int inFlightBytes);

    /**
     * The retransmission timeout has run out.
     *
     * @param inFlightBytes how much was in flight
     * @param again whether it is not the first time for the same segment
     */
    void onTimeout(int inFlightBytes, boolean again);

    /** Nothing was sent for longer than the retransmission timeout. */
    void onIdle();
}
