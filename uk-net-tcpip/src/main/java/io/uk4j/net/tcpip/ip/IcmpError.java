package io.uk4j.net.tcpip.ip;

/** The kinds of ICMP errors that transports act on (RFC 792, RFC 1122 section 3.2.2). */
public enum IcmpError {
    /** No route to the network, the host is down, or the way is prohibited: a soft error. */
    UNREACHABLE,
    /** The host does not speak the protocol: a hard error. */
    PROTOCOL_UNREACHABLE,
    /** Nobody listens at the port: a hard error. */
    PORT_UNREACHABLE,
    /** The packet does not fit and may not be fragmented (RFC 1191). */
    TOO_BIG,
    /** The time to live, or the time for reassembly, ran out. */
    TIME_EXCEEDED
}
