package io.uk4j.net.tcpip;

/**
 * What a connection was like at a moment.
 *
 * @param state the state
 * @param maxSegmentBytes payload bytes of a full segment
 * @param rttNs the smoothed round-trip time (RFC 6298), 0 before the first measurement
 * @param rttVariationNs its variation
 * @param rtoNs the retransmission timeout, with its backoff
 * @param congestionWindowBytes how much may be in flight
 * @param slowStartThresholdBytes where slow start ends
 * @param peerWindowBytes how much the peer takes
 * @param windowBytes how much this side takes
 * @param inFlightBytes how much was sent and not acknowledged
 * @param sendQueueBytes how much waits to be sent or acknowledged
 * @param receiveQueueBytes how much waits to be received
 * @param memoryBytes how many bytes of buffers the connection keeps, in whole slots
 * @param bytesSent payload bytes that the peer has acknowledged
 * @param bytesReceived payload bytes that have arrived in order
 * @param retransmissions segments that were sent again
 * @param timeouts how often the retransmission timeout has run out
 * @param fastRecoveries how often a loss was found by duplicate acknowledgements
 */
public record TcpInfo(
        TcpState state,
        int maxSegmentBytes,
        long rttNs,
        long rttVariationNs,
        long rtoNs,
        int congestionWindowBytes,
        int slowStartThresholdBytes,
        int peerWindowBytes,
        int windowBytes,
        int inFlightBytes,
        int sendQueueBytes,
        int receiveQueueBytes,
        long memoryBytes,
        long bytesSent,
        long bytesReceived,
        long retransmissions,
        long timeouts,
        long fastRecoveries) {}
