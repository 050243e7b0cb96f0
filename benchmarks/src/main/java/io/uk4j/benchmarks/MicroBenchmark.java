package io.uk4j.benchmarks;

import io.uk4j.benchmarks.Jmh.Figure;
import io.uk4j.benchmarks.micro.ChecksumBench;
import io.uk4j.benchmarks.micro.FiberBench;
import io.uk4j.benchmarks.micro.PoolBench;
import io.uk4j.benchmarks.micro.TimerBench;
import io.uk4j.benchmarks.micro.WakeupBench;
import java.util.ArrayList;
import java.util.List;

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
            List<Figure> figures = Jmh.run(suite.type(), quick);
            Figure ours = Jmh.of(figures, "ours");
            double peerNs = Jmh.of(figures, "peer").medianNs();
            rows.add(Row.less(suite.testCase(), "time", "ns", ours.medianNs(), suite.peer(), peerNs));
            rows.add(Row.alone(suite.testCase(), "heap", "B/op", (double) Math.round(ours.heapBytes())));
        }
        return rows;
    }
}
