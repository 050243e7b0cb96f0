package io.uk4j.example.inetd;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Platform;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.Tcp;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.UdpHandler;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * The four services.
 *
 * <p>Thread rule: loop-owned.
 */
final class Services implements AutoCloseable {
    static final int ECHO = 7;
    static final int DISCARD = 9;
    static final int DAYTIME = 13;
    static final int CHARGEN = 19;

    private static final int BACKLOG = 1024;

    /** RFC 864: an answer by UDP has 0 to 512 characters. */
    private static final int MAX_CHARACTERS = 512;

    /** How a port is opened for datagrams. */
    @FunctionalInterface
    interface Udp {
        void open(int port, UdpHandler handler);
    }

    private final Platform platform;
    private final BufferPool pool;
    private final Counters counters;
    private final Daytime daytime;
    private final ByteBuf lines;

    /**
     * Creates them; none is open yet.
     *
     * @param pool of the loop
     */
    Services(Platform platform, BufferPool pool, Counters counters) {
        this.platform = platform;
        this.pool = pool;
        this.counters = counters;
        daytime = new Daytime(platform.clock());
        lines = pattern(pool);
    }

    /** As many rounds of the pattern as a buffer holds: the longer, the fewer pieces a large send has. */
    private static ByteBuf pattern(BufferPool pool) {
        int bytes = Math.max(pool.maxBytes() / CharacterLines.ROUND_BYTES, 1) * CharacterLines.ROUND_BYTES;
        ByteBuf buffer = pool.tryAcquire(bytes);
        if (buffer == null) {
            throw new IllegalStateException("A pool that was just made has no buffer of " + bytes + " bytes.");
        }
        CharacterLines.write(buffer, bytes);
        return buffer;
    }

    /** Opens all four over TCP. */
    void open(Tcp tcp) {
        listen(tcp, ECHO, "echo", EchoConnection::new);
        DiscardConnection discard = new DiscardConnection();
        listen(tcp, DISCARD, "discard", _ -> discard);
        listen(tcp, DAYTIME, "daytime", daytime::tell);
        ChargenConnection chargen = new ChargenConnection(lines);
        listen(tcp, CHARGEN, "chargen", connection -> {
            chargen.onWritable(connection);
            return chargen;
        });
    }

    private void listen(Tcp tcp, int port, String service, Function<TcpConnection, TcpHandler> accept) {
        Counter connections =
                counters.with("service", service).counter("inetd_connections_total", "Connections accepted");
        tcp.listen(new Endpoint(Ipv4Address.ANY, port), BACKLOG, connection -> {
            connections.increment();
            return accept.apply(connection);
        });
    }

    /** Opens all four over UDP. */
    void open(Udp udp) {
        SplittableRandom random = new SplittableRandom(platform.entropy().nextLong());
        udp.open(ECHO, answering("echo", 0, (answer, data, offset, length) -> answer.writeBytes(data, offset, length)));
        Counter discarded =
                counters.with("service", "discard").counter("inetd_datagrams_received_total", "Datagrams received");
        udp.open(DISCARD, (_, _, _, _, _, _) -> discarded.increment());
        udp.open(DAYTIME, answering("daytime", 128, (answer, _, _, _) -> answer.writeBytes(daytime.line())));
        udp.open(
                CHARGEN,
                answering(
                        "chargen",
                        MAX_CHARACTERS,
                        (answer, _, _, _) -> CharacterLines.write(answer, random.nextInt(MAX_CHARACTERS + 1))));
    }

    private Datagrams answering(String service, int answerBytes, Datagrams.Answer answer) {
        return new Datagrams(pool, answerBytes, answer, counters.with("service", service));
    }

    /** Gives the pattern back; connections that still send it keep it a little longer. */
    @Override
    public void close() {
        lines.release();
    }
}
