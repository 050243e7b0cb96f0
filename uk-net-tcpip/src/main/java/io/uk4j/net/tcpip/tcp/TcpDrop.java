package io.uk4j.net.tcpip.tcp;

import java.util.Locale;

/** Why an inbound segment, or a part of it, went no further. Each reason is a label of {@code uk_tcp_segments_dropped_total}. */
enum TcpDrop {
    /** Truncated, or its options run over its end. */
    MALFORMED,
    /** The checksum does not hold. */
    CHECKSUM,
    /** No host can have sent it: a group's address, or both ends are the same. */
    SOURCE,
    /** Nobody listens there. */
    NO_LISTENER,
    /** For a listener, but not a SYN. */
    NOT_SYN,
    /** The listener has as many half-open connections as it keeps. */
    SYN_QUEUE_FULL,
    /** The listener has as many unaccepted connections as it keeps. */
    ACCEPT_QUEUE_FULL,
    /** There are as many connections as there may be. */
    CONNECTION_LIMIT,
    /** Outside of the window. */
    WINDOW,
    /** Older than what was received (RFC 7323, section 5: PAWS). */
    OLD_TIMESTAMP,
    /** Without a timestamp, on a connection that uses them (RFC 7323, section 3.2). */
    NO_TIMESTAMP,
    /** Without an acknowledgement, on a connection. */
    NO_ACK,
    /** It acknowledges what was never sent, or something too old (RFC 5961, section 5). */
    ACK_RANGE,
    /** A SYN within a connection (RFC 5961, section 4). */
    SYN,
    /** A reset that is not at the very edge of the window (RFC 5961, section 3). */
    BLIND_RESET,
    /** A reset of a connection in TIME-WAIT (RFC 1337). */
    TIME_WAIT_RESET,
    /** For a connection in TIME-WAIT. */
    TIME_WAIT,
    /** Data that comes after the application has closed. */
    AFTER_CLOSE,
    /** Ahead of its turn, and there is no place to keep it. */
    REASSEMBLY_FULL,
    /** In order, but its slot would take more memory than the connection may keep. */
    RECEIVE_MEMORY,
    /** An ICMP error that quotes nothing in flight (RFC 5927). */
    ICMP_QUOTE;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
