package io.uk4j.example.inetd;

import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;

/** Takes what arrives and does nothing with it (RFC 863). One serves all connections. */
class DiscardConnection implements TcpHandler {
    static final SegmentConsumer SINK = (_, _, length) -> length;

    @Override
    public void onReadable(TcpConnection connection) {
        connection.receive(SINK);
    }

    @Override
    public void onClosed(TcpConnection connection, TcpCloseReason reason) {
        // Nothing is kept for a connection.
    }
}
