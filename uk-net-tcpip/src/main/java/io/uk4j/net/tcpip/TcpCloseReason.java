package io.uk4j.net.tcpip;

/** How a connection ended. */
public enum TcpCloseReason {
    /** Both sides have sent everything and know that it arrived. */
    NORMAL,
    /** This side called {@link TcpConnection#abort}, or closed with unread data, or its handler failed. */
    ABORTED,
    /** The peer reset it. */
    RESET,
    /** Nobody listens there: the peer answered the first segment with a reset, or an ICMP error said so. */
    REFUSED,
    /** The peer did not answer in time (RFC 9293, section 3.8.3: R2, or the user timeout). */
    TIMED_OUT,
    /** The peer did not answer in time, and ICMP errors have said that it cannot be reached. */
    UNREACHABLE,
    /** The listener that it was made by was closed before it was accepted. */
    LISTENER_CLOSED
}
