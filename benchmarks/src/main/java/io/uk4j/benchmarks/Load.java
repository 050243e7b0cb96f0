package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What the client of the network benchmarks does with a server: the same program, on the kernel's sockets, for all. */
enum Load {
    /** The client sends to discard. */
    IN("bulk in", "9", "send"),
    /** The client receives from chargen. */
    OUT("bulk out", "19", "receive"),
    /** The client exchanges 64 bytes with echo, one at a time. */
    ECHO("request/response 64 B", "7", "echo");

    /** Until a server's hot methods are compiled, the compiler's threads and the client share two processors. */
    private static final String WARM_UP_SECONDS = "5";

    final String title;
    private final String port;
    private final String mode;

    Load(String title, String port, String mode) {
        this.title = title;
        this.port = port;
        this.mode = mode;
    }

    /**
     * The figures of one run.
     *
     * @param value throughput in Gbit/s, or transactions per second
     * @param p50Ns the median time of a transaction, or 0
     * @param cpu the server's share of a core
     */
    record Figure(double value, double p50Ns, double cpu) {}

    /**
     * Puts each load on a server, one after the other, after it has warmed up.
     *
     * @param client where the client runs
     * @param program the client
     * @param host the server's address
     * @param seconds how long each load lasts
     * @param server whose processor time is taken
     */
    static Map<Load, Figure> all(Netns client, Path program, String host, String seconds, Spawned server) {
        Map<Load, Figure> figures = new EnumMap<>(Load.class);
        for (Load load : values()) {
            client.run(program.toString(), host, load.port, load.mode, WARM_UP_SECONDS);
            double cpuBefore = server.cpuSeconds();
            long startNs = System.nanoTime();
            String[] words = client.run(program.toString(), host, load.port, load.mode, seconds)
                    .strip()
                    .split(" ", -1);
            double cpu = (server.cpuSeconds() - cpuBefore) / ((System.nanoTime() - startNs) / 1e9);
            figures.put(load, load.figure(words, cpu));
        }
        return figures;
    }

    private Figure figure(String[] words, double cpu) {
        double amount = Double.parseDouble(words[1]);
        double elapsedNs = Double.parseDouble(words[3]);
        return this == ECHO
                ? new Figure(amount / elapsedNs * 1e9, Double.parseDouble(words[5]), cpu)
                : new Figure(amount * 8 / elapsedNs, 0, cpu);
    }

    /**
     * Adds the medians of two servers, side by side.
     *
     * @param rows where the rows go
     * @param testCase what was done, beside the load
     * @param ours our figures
     * @param peer the peer's name
     * @param theirs the peer's figures
     */
    void compare(List<Row> rows, String testCase, List<Figure> ours, String peer, List<Figure> theirs) {
        double value = median(ours, Figure::value);
        double peerValue = median(theirs, Figure::value);
        String full = title + testCase;
        if (this == ECHO) {
            rows.add(Row.more(full, "transactions", "1/s", value, peer, peerValue));
            rows.add(Row.less(
                    full,
                    "latencyP50",
                    "us",
                    median(ours, Figure::p50Ns) / 1000,
                    peer,
                    median(theirs, Figure::p50Ns) / 1000));
        } else {
            rows.add(Row.more(full, "throughput", "Gbit/s", value, peer, peerValue));
        }
    }

    /** The server's share of a core under this load. */
    Row cpu(String server, List<Figure> figures) {
        return Row.alone(title + ": " + server, "cpu", "cores", median(figures, Figure::cpu));
    }
}
