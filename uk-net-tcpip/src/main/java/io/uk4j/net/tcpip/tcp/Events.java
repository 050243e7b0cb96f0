package io.uk4j.net.tcpip.tcp;

/** What a handler hears of, once a round, in this order. */
final class Events {
    static final int CONNECTED = 1;
    static final int READABLE = 1 << 1;
    static final int PEER_CLOSED = 1 << 2;
    static final int WRITABLE = 1 << 3;
    static final int CLOSED = 1 << 4;

    private Events() {}
}
