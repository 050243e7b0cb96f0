package io.uk4j.benchmarks;

import io.uk4j.benchmarks.Jmh.Figure;
import io.uk4j.benchmarks.micro.VirtqueueBench;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a virtqueue costs its driver, packed beside split. */
final class VirtqueueBenchmark implements Benchmark {
    private static final Map<String, String> CASES = new LinkedHashMap<>();

    static {
        CASES.put("add", "add a chain, publish 32 at a time");
        CASES.put("addEach", "add a chain, publish each");
        CASES.put("reap", "reap a chain");
        CASES.put("bothSides", "a chain on both sides, 32 at a time");
    }

    @Override
    public String name() {
        return "virtqueue";
    }

    @Override
    public String description() {
        return "add, kick and reap under JMH, the packed layout beside the split one";
    }

    @Override
    public List<Row> run(boolean quick) {
        List<Figure> figures = Jmh.run(VirtqueueBench.class, quick);
        List<Row> rows = new ArrayList<>();
        CASES.forEach((method, testCase) -> {
            Figure split = of(figures, method, "split");
            Figure packed = of(figures, method, "packed");
            rows.add(Row.alone(testCase + ", split", "time", "ns", split.medianNs()));
            rows.add(Row.less(testCase + ", packed", "time", "ns", packed.medianNs(), "split", split.medianNs()));
            // The others fill or empty a queue before each call, and what that allocates is counted, too.
            if (method.equals("bothSides")) {
                double heap = Math.max(split.heapBytes(), packed.heapBytes());
                rows.add(Row.alone(testCase, "heap", "B/op", (double) Math.round(heap)));
            }
        });
        rows.add(Row.alone(
                "kick by an event descriptor",
                "time",
                "ns",
                Jmh.of(figures, "kick").medianNs()));
        return rows;
    }

    private static Figure of(List<Figure> figures, String method, String layout) {
        return Jmh.of(
                figures.stream()
                        .filter(figure -> layout.equals(figure.params().getParam("layout")))
                        .toList(),
                method);
    }
}
