package io.uk4j.net.tcpip.tcp;

/** The control bits of a TCP header (RFC 9293, section 3.1). */
final class Flags {
    static final int FIN = 1;
    static final int SYN = 1 << 1;
    static final int RST = 1 << 2;
    static final int PSH = 1 << 3;
    static final int ACK = 1 << 4;

    private Flags() {}
}
