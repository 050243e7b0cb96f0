package io.uk4j.net.tcpip;

import io.uk4j.sched.Loop;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Blocking streams over TCP: for fibers of the stack's loop, and for any other thread.
 *
 * <p>Thread rule: shared.
 */
public final class TcpStreams {
    private static final int BACKLOG = 1024;
    private static final int LIMIT = 10_000;

    private final Loop loop;
    private final Tcp tcp;

    /**
     * Puts streams on top of a stack.
     *
     * @param loop the stack's
     * @param tcp the stack's
     */
    public TcpStreams(Loop loop, Tcp tcp) {
        this.loop = loop;
        this.tcp = tcp;
    }

    /**
     * Connects, and waits until the connection is established.
     *
     * @param remote the far end
     * @param timeout for how long at most; zero leaves it to {@code uk.tcp.synretries}
     * @throws TcpException with {@link TcpException.Condition#REFUSED}, {@link TcpException.Condition#TIMED_OUT}, {@link
     *     TcpException.Condition#UNREACHABLE}, {@link TcpException.Condition#NO_RESOURCES} or {@link
     *     TcpException.Condition#INTERRUPTED}
     */
    public TcpStream connect(Endpoint remote, Duration timeout) {
        ConnectionStream stream = new ConnectionStream(loop, () -> {});
        stream.connect(tcp, remote, timeout);
        return stream;
    }

    /**
     * Listens, for {@link TcpServer#accept}.
     *
     * @param local where
     * @param backlog see {@link Tcp#listen}
     * @param limit how many of its streams may be open at a time, more than 0
     * @throws TcpException as {@link Tcp#listen}
     */
    public TcpServer listen(Endpoint local, int backlog, int limit) {
        return StreamServer.open(loop, tcp, local, backlog, limit, null);
    }

    /**
     * Listens at a port of every address of this host, and starts a fiber for each connection: {@link #serve(Endpoint, int,
     * int, Consumer)} with a backlog of {@value #BACKLOG} and a limit of {@value #LIMIT}.
     *
     * @param port 1 to 65,535, or 0 for a free one
     * @param body serves one connection
     * @throws TcpException as {@link Tcp#listen}
     */
    public TcpServer serve(int port, Consumer<? super TcpStream> body) {
        return serve(new Endpoint(Ipv4Address.ANY, port), BACKLOG, LIMIT, body);
    }

    /**
     * Listens, and starts a fiber for each connection. When the body returns or throws, its stream is closed.
     *
     * @param local where
     * @param backlog see {@link Tcp#listen}
     * @param limit how many connections are served at a time, more than 0; where the loop has no fiber left, they wait too
     * @param body serves one connection
     * @throws TcpException as {@link Tcp#listen}
     */
    public TcpServer serve(Endpoint local, int backlog, int limit, Consumer<? super TcpStream> body) {
        return StreamServer.open(loop, tcp, local, backlog, limit, body);
    }
}
