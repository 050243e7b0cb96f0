package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Two stacks over a memory wire on one thread, under the collector that never collects. */
final class PairBenchmark implements Benchmark {
    private final Path peersFolder;

    /**
     * Prepares the benchmark.
     *
     * @param peersFolder where the peers' programs are put
     */
    PairBenchmark(Path peersFolder) {
        this.peersFolder = peersFolder;
    }

    @Override
    public String name() {
        return "pair";
    }

    @Override
    public String description() {
        return "two stacks over a memory wire under Epsilon GC: throughput, ns and heap bytes per segment";
    }

    @Override
    public List<Row> run(boolean quick) {
        int runs = quick ? 1 : 5;
        String seconds = quick ? "2" : "5";
        Peers peers = new Peers(peersFolder);
        String load = peers.program("load").toString();
        String kernel = peers.program("kernel_services", "-lpthread").toString();
        List<Row> rows = new ArrayList<>();
        for (boolean offloads : new boolean[] {true, false}) {
            String suffix = offloads ? ", offloads" : ", plain";
            measure(rows, "bulk" + suffix, "bulk", offloads, runs, seconds, kernel, load);
            measure(rows, "request/response 64 B" + suffix, "echo", offloads, runs, seconds, kernel, load);
        }
        return rows;
    }

    private static void measure(
            List<Row> rows,
            String testCase,
            String mode,
            boolean offloads,
            int runs,
            String seconds,
            String kernel,
            String load) {
        boolean echo = mode.equals("echo");
        double[] rate = new double[runs];
        double[] perSegment = new double[runs];
        double[] heap = new double[runs];
        double[] peer = new double[runs];
        for (int run = 0; run < runs; run++) {
            System.out.printf("run %d of %d: %s%n", run + 1, runs, testCase);
            String[] words = probe(mode, offloads, seconds).strip().split(" ", -1);
            double amount = Double.parseDouble(words[1]);
            double ns = Double.parseDouble(words[3]);
            double segments = Double.parseDouble(words[5]);
            rate[run] = echo ? amount / ns * 1e9 : amount * 8 / ns;
            perSegment[run] = ns / segments;
            heap[run] = Double.parseDouble(words[7]) / segments;
            try (Netns netns = Netns.create("k");
                    Spawned _ = Spawned.start(netns.inside(kernel), "ready")) {
                words = netns.run(load, "127.0.0.1", echo ? "7" : "9", echo ? "echo" : "send", seconds)
                        .strip()
                        .split(" ", -1);
                double moved = Double.parseDouble(words[1]);
                peer[run] = (echo ? moved * 1e9 : moved * 8) / Double.parseDouble(words[3]);
            }
        }
        if (echo) {
            rows.add(Row.more(testCase, "transactions", "1/s", median(rate), "kernel loopback", median(peer)));
        } else {
            rows.add(Row.more(testCase, "throughput", "Gbit/s", median(rate), "kernel loopback", median(peer)));
        }
        rows.add(Row.alone(testCase, "segmentTime", "ns", median(perSegment)));
        rows.add(Row.alone(testCase, "heap", "B/segment", median(heap)));
    }

    private static String probe(String mode, boolean offloads, String seconds) {
        return Command.run(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-Xms512m",
                "-Xmx512m",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                PairProbe.class.getName(),
                mode,
                Boolean.toString(offloads),
                seconds);
    }
}
