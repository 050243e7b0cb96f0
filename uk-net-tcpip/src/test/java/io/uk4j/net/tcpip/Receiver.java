package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Receives everything, and closes when the peer does. */
final class Receiver implements TcpHandler, SegmentConsumer {
    private final CRC32C sum = new CRC32C();
    private final byte[] copy = new byte[64 << 10];
    long received;
    boolean paused;

    @Nullable
    TcpConnection connection;

    @Nullable
    TcpCloseReason closed;

    long sum() {
        return sum.getValue();
    }

    @Override
    public void onReadable(TcpConnection c) {
        connection = c;
        if (!paused) {
            c.receive(this);
        }
    }

    @Override
    public int consume(ByteBuf buffer, int offset, int length) {
        int part = Math.min(length, copy.length);
        buffer.getBytes(offset, copy, 0, part);
        sum.update(copy, 0, part);
        received += part;
        return part;
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
        closed = reason;
    }
}
