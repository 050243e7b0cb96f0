package io.uk4j.example.inetd;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.TcpConnection;

/**
 * Sends lines without end (RFC 864), all out of one buffer that all connections share. What arrives is thrown away. A
 * client that has only ended its own side goes on to get lines: it is gone when it resets the connection.
 */
final class ChargenConnection extends DiscardConnection {
    private final ByteBuf lines;

    /**
     * Creates it.
     *
     * @param lines whole rounds of the pattern; stays the caller's, who keeps it until the stack is closed
     */
    ChargenConnection(ByteBuf lines) {
        this.lines = lines;
    }

    /** Sends as much as the connection takes; its bound is the send queue. */
    @Override
    public void onWritable(TcpConnection connection) {
        do {
            lines.retain();
        } while (connection.send(lines, lines.readerIndex(), lines.readableBytes()));
        lines.release();
    }

    @Override
    public void onPeerClosed(TcpConnection connection) {
        connection.receive(SINK);
    }
}
