package io.uk4j.net.tcpip;

import io.uk4j.core.Duty;
import io.uk4j.core.Timer;
import io.uk4j.sched.Loop;
import io.uk4j.sched.WaitQueue;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Accepts connections as streams: hands each to a fiber, or keeps it until somebody asks for it. */
final class StreamServer implements TcpServer, TcpAcceptor {
    private static final long RETRY_NS = 20_000_000L;

    private final Loop loop;
    private final Timer retry;
    private final int limit;
    private final @Nullable Consumer<? super TcpStream> body;
    private final AtomicInteger open = new AtomicInteger();
    private final ArrayDeque<TcpStream> accepted = new ArrayDeque<>();
    private final WaitQueue acceptors;
    private @Nullable TcpListener listener;
    private boolean closed;
    // Set before the server is handed out.
    private Endpoint local = new Endpoint(Ipv4Address.ANY, 0);

    private StreamServer(Loop loop, int limit, @Nullable Consumer<? super TcpStream> body) {
        this.loop = loop;
        this.limit = limit;
        this.body = body;
        acceptors = new WaitQueue(loop);
        retry = loop.newTimer(this::resume);
    }

    static StreamServer open(
            Loop loop, Tcp tcp, Endpoint at, int backlog, int limit, @Nullable Consumer<? super TcpStream> body) {
        if (limit < 1) {
            throw new IllegalArgumentException("A server with at most " + limit + " streams serves nobody.");
        }
        try {
            return loop.call(() -> {
                StreamServer server = new StreamServer(loop, limit, body);
                TcpListener made = tcp.listen(at, backlog, server);
                server.listener = made;
                server.local = made.local();
                return server;
            });
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new TcpException(TcpException.Condition.INTERRUPTED, "Interrupted before listening at " + at, null);
        }
    }

    @Override
    public @Nullable TcpHandler tryAccept(TcpConnection connection) {
        if (open.get() >= limit || closed) {
            return null;
        }
        ConnectionStream stream = new ConnectionStream(loop, this::ended);
        stream.accepted(connection);
        if (body == null) {
            accepted.add(stream);
            open.incrementAndGet();
            acceptors.signal();
            return stream;
        }
        Consumer<? super TcpStream> serving = body;
        open.incrementAndGet();
        Thread fiber = loop.fibers().tryStart("tcp " + connection.remote(), () -> {
            try (stream) {
                serving.accept(stream);
            }
        });
        if (fiber == null) {
            open.decrementAndGet();
            // The loop's fibers may all be somebody else's, who does not tell when there is one again.
            retry.schedule(loop.clock().nowNs() + RETRY_NS);
            return null;
        }
        return stream;
    }

    /** One of its connections has ended: there is room for one that waits. */
    private void ended() {
        open.decrementAndGet();
        resume();
    }

    private void resume() {
        TcpListener l = listener;
        if (l != null && !closed) {
            l.resume();
        }
    }

    @Override
    public Endpoint local() {
        return local;
    }

    @Override
    public TcpStream accept() {
        if (body != null) {
            throw new IllegalStateException("The server at " + local + " hands its connections to a body.");
        }
        Accept accept = new Accept();
        try {
            boolean _ = acceptors.awaitUntil(accept, Duty.NO_DEADLINE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new TcpException(
                    TcpException.Condition.INTERRUPTED, "Interrupted while waiting for a connection at " + local, null);
        }
        return Objects.requireNonNull(accept.stream);
    }

    private final class Accept implements BooleanSupplier {
        private @Nullable TcpStream stream;

        @Override
        public boolean getAsBoolean() {
            if (closed) {
                throw new TcpException(TcpException.Condition.CLOSED, "The server at " + local + " is closed.", null);
            }
            stream = accepted.poll();
            return stream != null;
        }
    }

    @Override
    public int open() {
        return open.get();
    }

    @Override
    public void close() {
        if (loop.inLoop()) {
            closeNow();
        } else {
            loop.tryExecute(this::closeNow);
        }
    }

    private void closeNow() {
        if (closed) {
            return;
        }
        closed = true;
        retry.cancel();
        if (listener != null) {
            listener.close();
        }
        for (TcpStream stream = accepted.poll(); stream != null; stream = accepted.poll()) {
            stream.close();
        }
        acceptors.signalAll();
    }
}
