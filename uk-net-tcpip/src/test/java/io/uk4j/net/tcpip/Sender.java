package io.uk4j.net.tcpip;

import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Sends so many random bytes, then ends its side; keeps their checksum. */
class Sender implements TcpHandler {
    private final SplittableRandom random;
    private final byte[] chunk = new byte[8 << 10];
    private final CRC32C sum = new CRC32C();
    private long left;
    private int pending;

    @Nullable
    TcpCloseReason closed;

    boolean connected;

    Sender(SplittableRandom random, long bytes) {
        this.random = random;
        left = bytes;
    }

    long sum() {
        return sum.getValue();
    }

    void pump(TcpConnection c) {
        while (left > 0) {
            if (pending == 0) {
                pending = (int) Math.min(left, random.nextInt(1, chunk.length + 1));
                random.nextBytes(chunk);
                sum.update(chunk, chunk.length - pending, pending);
            }
            int written = c.write(chunk, chunk.length - pending, pending);
            pending -= written;
            left -= written;
            if (written == 0) {
                return;
            }
        }
        c.shutdownOutput();
    }

    @Override
    public void onConnected(TcpConnection c) {
        connected = true;
        pump(c);
    }

    @Override
    public void onWritable(TcpConnection c) {
        pump(c);
    }

    @Override
    public void onReadable(TcpConnection c) {
        c.receive((buffer, offset, length) -> length);
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
        closed = reason;
    }
}
