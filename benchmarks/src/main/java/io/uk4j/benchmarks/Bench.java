package io.uk4j.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The front of the benchmarks: lists them, or runs one. */
public final class Bench {
    private Bench() {}

    /**
     * Runs a benchmark, or lists all without arguments. Exit status 0 if it ran, 1 if it could not, 2 for wrong words.
     *
     * @param args {@code [NAME] [--quick]}
     */
    public static void main(String[] args) {
        System.exit(run(List.of(args)));
    }

    private static int run(List<String> args) {
        Path target = Path.of(System.getProperty("uk.bench.target", "benchmarks/target"));
        Path examples = Path.of(System.getProperty("uk.bench.examples", "examples"));
        Path peers = target.resolve("peers");
        Path inetd = examples.resolve("inetd/target/uk-example-inetd.jar");
        Path image = examples.resolve("hello-http/target/uk-example-hello-http-uk.img");
        List<Benchmark> all = List.of(
                new MicroBenchmark(),
                new PairBenchmark(peers),
                new TapBenchmark(peers, inetd),
                new GatewayBenchmark(peers, inetd),
                new VirtioNetBenchmark(peers, inetd),
                new VirtioBlockBenchmark(),
                new VirtqueueBenchmark(),
                new BootBenchmark(target, peers, image),
                new SmpBenchmark(target, peers, image));
        List<String> names = new ArrayList<>(args);
        boolean quick = names.remove("--quick");
        if (names.isEmpty()) {
            System.out.println("Benchmarks (./uk bench NAME [--quick]):");
            all.forEach(benchmark -> System.out.printf("  %-10s %s%n", benchmark.name(), benchmark.description()));
            return 0;
        }
        for (Benchmark benchmark : all) {
            if (names.size() == 1 && benchmark.name().equals(names.get(0))) {
                return measure(benchmark, quick, target.resolve(benchmark.name() + ".json"));
            }
        }
        System.err.println("There is no benchmark " + String.join(" ", names) + ".\nThere are: "
                + all.stream().map(Benchmark::name).collect(Collectors.joining(", "))
                + "\nTry: ./uk bench NAME [--quick]");
        return 2;
    }

    private static int measure(Benchmark benchmark, boolean quick, Path file) {
        try {
            List<Row> rows = benchmark.run(quick);
            Report.print(rows, System.out);
            Report.write(rows, file);
            System.out.println("Written to " + file + (quick ? " (quick: not to be quoted)" : ""));
            return 0;
        } catch (BenchmarkException e) {
            System.err.println(e.getMessage());
            return 1;
        }
    }
}
