package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Duty;
import io.uk4j.sched.Loop;
import io.uk4j.sched.LoopCall;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A stream over a connection: its callbacks let the waiting calls go on. Fields without a word on it are the loop's. */
final class ConnectionStream implements TcpStream, TcpHandler {
    private final Loop loop;
    private final Runnable onEnd;
    private final Read read;
    private final Write write;
    private final Opening opening;
    private final ReentrantLock readTurn = new ReentrantLock();
    private final ReentrantLock writeTurn = new ReentrantLock();
    private final StreamInput input = new StreamInput(this);
    private final StreamOutput output = new StreamOutput(this);

    private @Nullable TcpConnection connection;
    private boolean connected;
    private boolean closed;
    private boolean outputEnded;
    private @Nullable TcpCloseReason closeReason;

    // Set before the stream is handed out.
    private Endpoint local = new Endpoint(Ipv4Address.ANY, 0);
    private Endpoint remote = local;

    private volatile long readTimeoutNs;
    private volatile long writeTimeoutNs;

    /**
     * Creates it without a connection.
     *
     * @param onEnd called once on the loop when the connection has ended
     */
    ConnectionStream(Loop loop, Runnable onEnd) {
        this.loop = loop;
        this.onEnd = onEnd;
        read = new Read();
        write = new Write();
        opening = new Opening();
    }

    /** Takes over a connection that a listener has established; called on the loop. */
    void accepted(TcpConnection established) {
        adopt(established);
        connected = true;
    }

    private void adopt(TcpConnection taken) {
        connection = taken;
        local = taken.local();
        remote = taken.remote();
    }

    void connect(Tcp tcp, Endpoint to, Duration timeout) {
        remote = to;
        boolean done;
        try {
            loop.call(() -> {
                adopt(tcp.connect(to, this));
                return true;
            });
            done = opening.open(deadline(timeout.toNanos()));
        } catch (InterruptedException _) {
            abandon();
            throw interrupted();
        } catch (TcpException e) {
            abandon();
            throw e;
        }
        if (!done) {
            abandon();
            throw failure(TcpException.Condition.TIMED_OUT, "did not answer within " + timeout);
        }
    }

    private void abandon() {
        loop.tryExecute(() -> {
            TcpConnection c = connection;
            if (c != null) {
                c.abort();
            }
        });
    }

    @Override
    public Endpoint local() {
        return local;
    }

    @Override
    public Endpoint remote() {
        return remote;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        try {
            readTurn.lockInterruptibly();
            try {
                return read.read(target, offset, length);
            } finally {
                readTurn.unlock();
            }
        } catch (InterruptedException _) {
            throw interrupted();
        }
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        try {
            writeTurn.lockInterruptibly();
            try {
                write.write(source, offset, length);
            } finally {
                writeTurn.unlock();
            }
        } catch (InterruptedException _) {
            throw interrupted();
        }
    }

    @Override
    public void readTimeout(Duration timeout) {
        readTimeoutNs = checked(timeout);
    }

    @Override
    public void writeTimeout(Duration timeout) {
        writeTimeoutNs = checked(timeout);
    }

    private static long checked(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("A timeout is not negative: " + timeout);
        }
        return timeout.toNanos();
    }

    @Override
    public void shutdownOutput() {
        onLoop(() -> {
            outputEnded = true;
            connection().shutdownOutput();
            write.advance();
        });
    }

    @Override
    public TcpInfo info() {
        try {
            return loop.call(() -> connection().info());
        } catch (InterruptedException _) {
            throw interrupted();
        }
    }

    @Override
    public InputStream input() {
        return input;
    }

    @Override
    public OutputStream output() {
        return output;
    }

    @Override
    public void close() {
        // Handed over without waiting: closing works for an interrupted thread too, and after the loop has ended.
        if (loop.inLoop()) {
            closeNow();
        } else {
            loop.tryExecute(this::closeNow);
        }
    }

    private void closeNow() {
        if (!closed) {
            closed = true;
            connection().close();
            read.advance();
            write.advance();
        }
    }

    private void onLoop(Runnable action) {
        try {
            loop.call(() -> {
                action.run();
                return true;
            });
        } catch (InterruptedException _) {
            throw interrupted();
        }
    }

    @Override
    public void onConnected(TcpConnection c) {
        connected = true;
        opening.advance();
    }

    @Override
    public void onReadable(TcpConnection c) {
        read.advance();
    }

    @Override
    public void onWritable(TcpConnection c) {
        write.advance();
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
        read.advance();
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
        closeReason = reason;
        opening.advance();
        read.advance();
        write.advance();
        onEnd.run();
    }

    private TcpConnection connection() {
        return Objects.requireNonNull(connection, "a stream is handed out with its connection");
    }

    private long deadline(long timeoutNs) {
        return timeoutNs == 0 ? Duty.NO_DEADLINE : loop.clock().nowNs() + timeoutNs;
    }

    private TcpException lost(TcpCloseReason reason) {
        return switch (reason) {
            case NORMAL, ABORTED, LISTENER_CLOSED -> failure(TcpException.Condition.CLOSED, "is closed");
            case RESET -> failure(TcpException.Condition.RESET, "was reset by the peer");
            case REFUSED -> failure(TcpException.Condition.REFUSED, "was refused: nobody listens there");
            case TIMED_OUT -> failure(TcpException.Condition.TIMED_OUT, "was lost: the peer does not answer");
            case UNREACHABLE -> failure(TcpException.Condition.UNREACHABLE, "was lost: the peer cannot be reached");
        };
    }

    private TcpException failure(TcpException.Condition condition, String what) {
        return new TcpException(condition, "The connection to " + remote + " " + what + ".", null);
    }

    private TcpException interrupted() {
        Thread.currentThread().interrupt();
        return failure(TcpException.Condition.INTERRUPTED, "was waited for by a thread that was interrupted");
    }

    private final class Opening extends LoopCall {
        Opening() {
            super(loop);
        }

        boolean open(long deadlineNs) throws InterruptedException {
            return call(deadlineNs);
        }

        @Override
        protected boolean attempt() {
            if (closeReason != null) {
                throw lost(closeReason);
            }
            return connected;
        }
    }

    private final class Read extends LoopCall implements SegmentConsumer {
        private byte[] target = {};
        private int offset;
        private int length;
        private int count;

        Read() {
            super(loop);
        }

        int read(byte[] newTarget, int newOffset, int newLength) throws InterruptedException {
            target = newTarget;
            offset = newOffset;
            length = newLength;
            if (!call(deadline(readTimeoutNs))) {
                throw failure(
                        TcpException.Condition.TIMED_OUT, "brought nothing within " + Duration.ofNanos(readTimeoutNs));
            }
            return count;
        }

        @Override
        protected boolean attempt() {
            if (closed) {
                throw failure(TcpException.Condition.CLOSED, "is closed");
            }
            TcpConnection c = connection();
            count = 0;
            c.receive(this);
            if (count > 0) {
                return true;
            }
            if (c.isPeerClosed() || closeReason == TcpCloseReason.NORMAL) {
                count = -1;
                return true;
            }
            if (closeReason != null) {
                throw lost(closeReason);
            }
            return false;
        }

        @Override
        public int consume(ByteBuf buffer, int from, int available) {
            int part = Math.min(available, length - count);
            buffer.getBytes(from, target, offset + count, part);
            count += part;
            return part;
        }
    }

    private final class Write extends LoopCall {
        private byte[] source = {};
        private int offset;
        private int left;
        private long timeoutNs;

        Write() {
            super(loop);
        }

        void write(byte[] newSource, int newOffset, int length) throws InterruptedException {
            source = newSource;
            offset = newOffset;
            left = length;
            timeoutNs = writeTimeoutNs;
            do {
                if (!call(deadline(timeoutNs))) {
                    throw failure(
                            TcpException.Condition.TIMED_OUT, "took nothing within " + Duration.ofNanos(timeoutNs));
                }
            } while (left > 0);
        }

        @Override
        protected boolean attempt() {
            if (closed || outputEnded) {
                throw failure(TcpException.Condition.CLOSED, "is closed for writing");
            }
            if (closeReason != null) {
                throw lost(closeReason);
            }
            int written = connection().write(source, offset, left);
            offset += written;
            left -= written;
            // What got on has its time anew.
            return left == 0 || (timeoutNs > 0 && written > 0);
        }
    }
}
