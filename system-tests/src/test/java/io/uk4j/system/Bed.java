package io.uk4j.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** An appliance, and a host from which it is reached. */
interface Bed extends AutoCloseable {
    /** The appliance. */
    ApplianceProcess appliance();

    /** Where the host reaches the first service that the example has. */
    InetSocketAddress service();

    /** A socket of the host's, not connected. */
    SocketChannel openSocket() throws IOException;

    /** Runs a command on the host, to its end. */
    Command run(Duration limit, String... line);

    @Override
    void close();

    /** The address of the service as a URL. */
    default String url() {
        return "http://" + service().getAddress().getHostAddress() + ":"
                + service().getPort();
    }

    /** Connects to the service as a client that speaks HTTP. */
    default HttpClient connect() throws IOException {
        SocketChannel channel = openSocket();
        try {
            return new HttpClient(channel.socket(), service());
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** What the appliance counts, asked for over a connection of its own. */
    default Metrics metrics() {
        try (HttpClient client = connect()) {
            return Metrics.parse(client.get("/metrics").text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks for the metrics until they are as they should be; returns them. */
    default Metrics awaitMetrics(String what, Duration limit, Predicate<Metrics> condition) {
        List<Metrics> seen = new ArrayList<>();
        try {
            appliance().await(what, limit, () -> {
                seen.add(metrics());
                return condition.test(seen.getLast());
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + (seen.isEmpty() ? "" : seen.getLast()), e);
        }
        return seen.getLast();
    }
}
