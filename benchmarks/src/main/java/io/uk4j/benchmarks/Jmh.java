package io.uk4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs one JMH suite, and gives what it found. */
final class Jmh {
    /**
     * What was found for one method with one set of parameters.
     *
     * @param method its name
     * @param params of the suite
     * @param medianNs of an operation
     * @param heapBytes of an operation
     */
    record Figure(String method, BenchmarkParams params, double medianNs, double heapBytes) {}

    private Jmh() {}

    static List<Figure> run(Class<?> suite, boolean quick) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\b" + suite.getSimpleName() + "\\.")
                .forks(quick ? 1 : 3)
                .warmupIterations(quick ? 2 : 3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(quick ? 2 : 5)
                .measurementTime(TimeValue.seconds(1))
                .jvmArgsAppend("--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED")
                .addProfiler(GCProfiler.class);
        List<Figure> figures = new ArrayList<>();
        try {
            for (RunResult result : new Runner(options.build()).run()) {
                String label = result.getParams().getBenchmark();
                Result<?> bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
                figures.add(new Figure(
                        label.substring(label.lastIndexOf('.') + 1),
                        result.getParams(),
                        result.getPrimaryResult().getStatistics().getPercentile(50),
                        bytes == null ? 0 : bytes.getScore()));
            }
        } catch (RunnerException e) {
            throw new BenchmarkException(suite.getSimpleName() + ": " + e.getMessage(), e);
        }
        return figures;
    }

    /** The figure of a method, whatever its parameters; the first one. */
    static Figure of(List<Figure> figures, String method) {
        return figures.stream()
                .filter(figure -> figure.method().equals(method))
                .findFirst()
                .orElseThrow(() -> new BenchmarkException("There is no figure for " + method + "."));
    }
}
