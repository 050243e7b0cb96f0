package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The network driver over vhost-user against DPDK's testpmd, each on a processor of its own; DPDK's own driver, virtio_user,
 * takes turns with it in front of the same back end.
 */
final class VirtioNetBenchmark implements Benchmark {
    /** Two processors that share a cache hand a line to and fro in less, on the machines that were seen; in other cases it takes over 300. */
    private static final int NEAR_NS = 150;

    private static final int ATTEMPTS = 4;
    private static final String[] PERCENTILES = {"P50", "P90", "P99", "P999", "P9999"};

    /** What is measured: our mode, DPDK's for the same, and what the back end does. */
    private enum Kind {
        TRANSMIT("transmit", "txonly", "rxonly", "TX-packets"),
        RECEIVE("receive", "rxonly", "txonly", "RX-packets"),
        EXCHANGE("exchange", "flowgen", "macswap", "RX-packets");

        private final String ours;
        private final String peer;
        private final String backEnd;
        private final String counter;

        Kind(String ours, String peer, String backEnd, String counter) {
            this.ours = ours;
            this.peer = peer;
            this.backEnd = backEnd;
            this.counter = counter;
        }
    }

    private final Path peersFolder;
    private final Path inetd;

    /**
     * Prepares the benchmark.
     *
     * @param peersFolder where the peers' programs are put
     * @param inetd the jar of the inetd example
     */
    VirtioNetBenchmark(Path peersFolder, Path inetd) {
        this.peersFolder = peersFolder;
        this.inetd = inetd;
    }

    /** Under which collector a frame's way is timed: the one that never collects, and those that an application would use. */
    private enum Collector {
        EPSILON("Epsilon", "-XX:+UseEpsilonGC"),
        SERIAL("serial", "-XX:+UseSerialGC"),
        G1("G1", "-XX:+UseG1GC"),
        ZGC("generational ZGC", "-XX:+UseZGC");

        private final String title;
        private final String option;

        Collector(String title, String option) {
            this.title = title;
            this.option = option;
        }
    }

    /** What is measured of one start: frames a second, and what else there is. */
    private record Figures(double rate, double heap) {}

    @Override
    public String name() {
        return "virtio-net";
    }

    @Override
    public String description() {
        return "the virtio network driver against DPDK's testpmd, beside DPDK's own driver: frames, heap, latency, TCP (root)";
    }

    @Override
    public List<Row> run(boolean quick) {
        if (!Files.isRegularFile(inetd)) {
            throw new BenchmarkException("The inetd example is not built: " + inetd + "\nTry: ./uk bench virtio-net");
        }
        int runs = quick ? 1 : 5;
        VirtioTcp tcp = new VirtioTcp(inetd, new Peers(peersFolder), quick ? "1" : "3");
        double seconds = quick ? 1 : 3;
        Path distance = new Peers(peersFolder).program("distance", "-pthread");
        List<Row> rows = new ArrayList<>();
        for (int bytes : new int[] {64, 1500}) {
            for (Kind kind : Kind.values()) {
                measure(rows, kind, bytes, runs, seconds, distance);
            }
        }
        latency(rows, runs, seconds);
        tcp.measure(rows, runs);
        return rows;
    }

    private static void measure(List<Row> rows, Kind kind, int bytes, int runs, double seconds, Path distance) {
        String testCase = kind.ours + " " + bytes + " B";
        double[] ours = new double[runs];
        double[] peer = new double[runs];
        double[] heap = new double[runs];
        for (int run = 0; run < runs; run++) {
            System.out.printf("run %d of %d: %s%n", run + 1, runs, testCase);
            Figures figures = near(distance, () -> ours(kind, bytes, seconds));
            ours[run] = figures.rate;
            heap[run] = figures.heap;
            peer[run] = near(distance, () -> peer(kind, bytes, seconds)).rate;
        }
        rows.add(Row.more(testCase, "pps", "1/s", median(ours), "DPDK virtio_user", median(peer)));
        rows.add(Row.alone(testCase, "heap", "B/frame", median(heap)));
    }

    /**
     * A host moves the processors of a virtual machine about, and frames go several times slower between two that share no cache,
     * whoever's driver it is. So what counts is a start before and after which they were near each other; if there is none in
     * {@value #ATTEMPTS}, the one with the least distance.
     */
    private static Figures near(Path distance, Supplier<Figures> start) {
        Figures best = null;
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && (best == null || least > NEAR_NS); attempt++) {
            long before = distanceNs(distance);
            Figures figures = start.get();
            long apart = Math.max(before, distanceNs(distance));
            System.out.printf("  %.2f million/s, processors %d ns apart%n", figures.rate / 1e6, apart);
            if (best == null || apart < least) {
                least = apart;
                best = figures;
            }
        }
        return Objects.requireNonNull(best);
    }

    private static long distanceNs(Path distance) {
        return Long.parseLong(Command.run(distance.toString()).strip().split(" ", -1)[1]);
    }

    private static Figures ours(Kind kind, int bytes, double seconds) {
        try (Bed bed = new Bed(kind.backEnd, bytes)) {
            double[] words = probe(kind.ours, Collector.EPSILON, bed, bytes, seconds);
            return new Figures(words[0] * 1e9 / words[1], words[2] / words[0]);
        }
    }

    private static Figures peer(Kind kind, int bytes, double seconds) {
        try (Bed bed = new Bed(kind.backEnd, bytes);
                TestPmd driver = new TestPmd(
                        bed.folder(),
                        "virtio-user",
                        1,
                        "net_virtio_user0,path=" + bed.socket() + ",queues=1,mrg_rxbuf=0",
                        kind.peer,
                        bytes)) {
            return new Figures(driver.rate(kind.counter, seconds), 0);
        }
    }

    /** The collectors take turns, as everything does that is compared. */
    private static void latency(List<Row> rows, int runs, double seconds) {
        Map<Collector, double[][]> all = new EnumMap<>(Collector.class);
        for (int run = 0; run < runs; run++) {
            for (Collector collector : Collector.values()) {
                System.out.printf("run %d of %d: latency, %s%n", run + 1, runs, collector.title);
                try (Bed bed = new Bed("macswap", 64)) {
                    double[] words = probe("latency", collector, bed, 64, seconds);
                    double[][] figures = all.computeIfAbsent(collector, _ -> new double[PERCENTILES.length][runs]);
                    for (int i = 0; i < PERCENTILES.length; i++) {
                        figures[i][run] = words[3 + i] / 1000;
                    }
                }
            }
        }
        all.forEach((collector, figures) -> {
            String testCase = "there and back 64 B, " + collector.title;
            for (int i = 0; i < PERCENTILES.length; i++) {
                rows.add(Row.alone(testCase, "latency" + PERCENTILES[i], "us", median(figures[i])));
            }
        });
    }

    /** The numbers of the probe's line, in their order. */
    private static double[] probe(String mode, Collector collector, Bed bed, int bytes, double seconds) {
        String line = Command.run(
                "taskset",
                "-c",
                "1",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UnlockExperimentalVMOptions",
                collector.option,
                "-Xms512m",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                VirtioNetProbe.class.getName(),
                mode,
                bed.socket(),
                Integer.toString(bytes),
                "4",
                Double.toString(seconds));
        return Arrays.stream(line.strip().split(" ", -1))
                .filter(word -> !word.isEmpty() && Character.isDigit(word.charAt(0)))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** A back end that listens. */
    private static final class Bed implements AutoCloseable {
        private final Scratch scratch = new Scratch();
        private final TestPmd backEnd;

        Bed(String mode, int bytes) {
            backEnd = new TestPmd(folder(), "vhost", 0, "net_vhost0,queues=1,iface=" + socket(), mode, bytes);
        }

        Path folder() {
            return scratch.folder();
        }

        String socket() {
            return scratch.socket();
        }

        @Override
        public void close() {
            backEnd.close();
            scratch.close();
        }
    }
}
