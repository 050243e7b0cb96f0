package io.uk4j.example.inetd;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;

/**
 * Sends back what arrives (RFC 862), out of the very buffers in which it arrived. A client that does not read what it gets
 * fills the send queue; then nothing more is consumed, its window closes, and it has to wait.
 */
final class EchoConnection implements TcpHandler, SegmentConsumer {
    private final TcpConnection connection;

    EchoConnection(TcpConnection connection) {
        this.connection = connection;
    }

    @Override
    public int consume(ByteBuf buffer, int offset, int length) {
        buffer.retain();
        if (connection.send(buffer, offset, length)) {
            return length;
        }
        buffer.release();
        return 0;
    }

    @Override
    public void onReadable(TcpConnection readable) {
        readable.receive(this);
    }

    @Override
    public void onWritable(TcpConnection writable) {
        writable.receive(this);
    }

    @Override
    public void onClosed(TcpConnection closed, TcpCloseReason reason) {
        // Nothing is kept for a connection.
    }
}
