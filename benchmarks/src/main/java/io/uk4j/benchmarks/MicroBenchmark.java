package io.uk4j.benchmarks;

import io.uk4j.benchmarks.micro.ChecksumBench;
import io.uk4j.benchmarks.micro.FiberBench;
import io.uk4j.benchmarks.micro.PoolBench;
import io.uk4j.benchmarks.micro.TimerBench;
import io.uk4j.benchmarks.micro.WakeupBench;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Single mechanisms under JMH: each suite has a method of ours and one of a peer. */
final class MicroBenchmark implements Benchmark {
    /** A suite, what its case is called, and who its peer is. */
    private record Suite(Class<?> type, String testCase, String peer) {}

    private static final List<Suite> SUITES = List.of(
            new Suite(PoolBench.class, "acquire and release a buffer", "Netty pooled"),
            new Suite(ChecksumBench.class, "checksum 1460 B", "plain copy"),
            new Suite(TimerBench.class, "move one timer of 10,000", "binary heap"),
            new Suite(FiberBench.class, "switch fibers", "JDK scheduler"),
            new Suite(WakeupBench.class, "wake a sleeping loop and hear back", "JDK executor"));

    @Override
    public String name() {
        return "micro";
    }

    @Override
    public String description() {
        return "pool, checksum, timers, fibers, wake-up: single mechanisms under JMH, each beside a peer";
    }

    @Override
    public List<Row> run(boolean quick) {
        List<Row> rows = new ArrayList<>();
        for (Suite suite : SUITES) {
            ChainedOptionsBuilder options = new OptionsBuilder()
                    .include("\\b" + suite.type().getSimpleName() + "\\.")
                    .forks(quick ? 1 : 3)
                    .warmupIterations(quick ? 2 : 3)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(quick ? 2 : 5)
                    .measurementTime(TimeValue.seconds(1))
                    .jvmArgsAppend("--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED")
                    .addProfiler(GCProfiler.class);
            try {
                rows.addAll(rows(suite, new Runner(options.build()).run()));
            } catch (RunnerException e) {
                throw new BenchmarkException(suite.testCase() + ": " + e.getMessage(), e);
            }
        }
        return rows;
    }

    private static List<Row> rows(Suite suite, Iterable<RunResult> results) {
        Map<String, RunResult> methods = new LinkedHashMap<>();
        for (RunResult result : results) {
            String label = result.getParams().getBenchmark();
            methods.put(label.substring(label.lastIndexOf('.') + 1), result);
        }
        RunResult ours = method(methods, suite, "ours");
        RunResult peer = method(methods, suite, "peer");
        double oursNs = ours.getPrimaryResult().getStatistics().getPercentile(50);
        double peerNs = peer.getPrimaryResult().getStatistics().getPercentile(50);
        List<Row> rows = new ArrayList<>();
        rows.add(Row.less(suite.testCase(), "time", "ns", oursNs, suite.peer(), peerNs));
        Result<?> bytes = ours.getSecondaryResults().get("gc.alloc.rate.norm");
        if (bytes != null) {
            rows.add(Row.alone(suite.testCase(), "heap", "B/op", (double) Math.round(bytes.getScore())));
        }
        return rows;
    }

    private static RunResult method(Map<String, RunResult> methods, Suite suite, String name) {
        RunResult result = methods.get(name);
        if (result == null) {
            throw new BenchmarkException(suite.testCase() + " gave no figure for " + name + ".");
        }
        return result;
    }
}
