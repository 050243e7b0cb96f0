package io.uk4j.benchmarks;

import java.util.List;

/** One benchmark that {@code ./uk bench} can run. */
interface Benchmark {
    /** The name on the command line. */
    String name();

    /** What it measures and what it needs, one line. */
    String description();

    /**
     * Measures.
     *
     * @param quick fewer and shorter runs: to see that it works, not to quote
     * @throws BenchmarkException if something that it needs is missing or a peer failed; says what to do
     */
    List<Row> run(boolean quick);
}
