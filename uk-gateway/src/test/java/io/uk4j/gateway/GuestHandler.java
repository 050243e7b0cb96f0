package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.Counter;
import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What the guest does with a connection, in the ways that the tests need. What is public is for any thread. */
class GuestHandler implements TcpHandler, SegmentConsumer {
    volatile @Nullable TcpConnection connection;
    volatile @Nullable TcpCloseReason reason;
    volatile boolean connected;
    volatile boolean peerClosed;
    final Counter received = new Counter();
    final MessageDigest digest = sha256();

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    GuestHandler on(TcpConnection accepted) {
        connection = accepted;
        return this;
    }

    @Override
    public void onConnected(TcpConnection established) {
        connection = established;
        connected = true;
    }

    @Override
    public void onReadable(TcpConnection from) {
        from.receive(this);
    }

    @Override
    public int consume(ByteBuf buffer, int offset, int length) {
        digest.update(buffer.nioBuffer(offset, length));
        received.add(length);
        return length;
    }

    @Override
    public void onPeerClosed(TcpConnection from) {
        peerClosed = true;
    }

    @Override
    public void onClosed(TcpConnection from, TcpCloseReason why) {
        reason = why;
    }

    /** Sends back what comes, no faster than it is taken, and ends when the peer does. */
    static final class Echo extends GuestHandler {
        private @Nullable TcpConnection current;

        @Override
        public void onReadable(TcpConnection from) {
            current = from;
            from.receive(this);
        }

        @Override
        public int consume(ByteBuf buffer, int offset, int length) {
            TcpConnection to = current;
            if (to == null || to.sendSpace() == 0) {
                if (to != null) {
                    int _ = to.write(new byte[1], 0, 1);
                }
                return 0;
            }
            if (!to.send(buffer.retain(), offset, length)) {
                buffer.release();
                return 0;
            }
            received.add(length);
            return length;
        }

        @Override
        public void onWritable(TcpConnection to) {
            onReadable(to);
        }

        @Override
        public void onPeerClosed(TcpConnection from) {
            peerClosed = true;
            from.shutdownOutput();
        }
    }

    /** Sends bytes that follow from a seed, and then ends its stream. */
    static final class Source extends GuestHandler {
        private final SplittableRandom random;
        private final byte[] chunk = new byte[8192];
        private long left;
        private int at = chunk.length;
        private int end = chunk.length;

        Source(long seed, long bytes) {
            random = new SplittableRandom(seed);
            left = bytes;
        }

        @Override
        public void onConnected(TcpConnection established) {
            super.onConnected(established);
            onWritable(established);
        }

        @Override
        public void onWritable(TcpConnection to) {
            while (true) {
                if (at == end) {
                    if (left == 0) {
                        to.shutdownOutput();
                        return;
                    }
                    random.nextBytes(chunk);
                    at = 0;
                    end = (int) Math.min(left, chunk.length);
                    left -= end;
                }
                int written = to.write(chunk, at, end - at);
                at += written;
                if (at < end) {
                    return;
                }
            }
        }

        Source started(TcpConnection accepted) {
            onConnected(accepted);
            return this;
        }
    }

    /** The digest of what a {@link Source} sends. */
    static byte[] digestOf(long seed, long bytes) {
        SplittableRandom random = new SplittableRandom(seed);
        MessageDigest digest = sha256();
        byte[] chunk = new byte[8192];
        for (long left = bytes; left > 0; left -= chunk.length) {
            random.nextBytes(chunk);
            digest.update(chunk, 0, (int) Math.min(left, chunk.length));
        }
        return digest.digest();
    }
}
