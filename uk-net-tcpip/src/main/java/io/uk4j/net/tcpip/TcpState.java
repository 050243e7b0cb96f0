package io.uk4j.net.tcpip;

/** The states of a connection (RFC 9293, section 3.3.2). */
public enum TcpState {
    /** Active open: a SYN was sent. */
    SYN_SENT,
    /** A SYN was received and answered. */
    SYN_RECEIVED,
    /** Data flows both ways. */
    ESTABLISHED,
    /** This side has ended its stream, the peer has not acknowledged that. */
    FIN_WAIT_1,
    /** This side has ended its stream, the peer has not ended its own. */
    FIN_WAIT_2,
    /** The peer has ended its stream. */
    CLOSE_WAIT,
    /** Both have ended their streams at the same time. */
    CLOSING,
    /** The peer had ended its stream, this side now too. */
    LAST_ACK,
    /** Both have ended; old segments may still be under way. */
    TIME_WAIT,
    /** There is no connection any more. */
    CLOSED
}
