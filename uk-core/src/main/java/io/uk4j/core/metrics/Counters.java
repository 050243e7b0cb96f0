package io.uk4j.core.metrics;

import java.util.function.LongSupplier;

/**
 * The registry of an appliance's counters and gauges. A metric has a name in Prometheus's manner ({@code
 * uk_net_frames_received_total}: base units, counters end in {@code _total}), a line of help, and labels that tell its
 * siblings apart ({@code device="net0"}).
 *
 * <p>Thread rule: shared.
 */
public interface Counters {
    /**
     * The registry with one more label on everything that is registered through it.
     *
     * @param label lower-case letters, digits and underscores
     * @param value any text
     */
    Counters with(String label, String value);

    /**
     * The counter of that name and these labels; made at the first call.
     *
     * @param name starts with {@code uk_}, or with a prefix of the application's own; lower-case letters, digits and
     *     underscores; ends in {@code _total}
     * @param help what it counts, one line
     * @throws IllegalArgumentException if the name is malformed or names a gauge
     */
    Counter counter(String name, String help);

    /**
     * Registers a gauge, in the place of one of the same name and labels.
     *
     * @param name as for a counter, not ending in {@code _total}
     * @param help what it shows, and its unit, one line
     * @param value read by whoever looks, on a thread of theirs; must not block
     * @throws IllegalArgumentException if the name is malformed or names a counter
     */
    void gauge(String name, String help, LongSupplier value);

    /** Calls the visitor for every metric, ordered by name, then labels. */
    void forEach(Visitor visitor);

    /** Everything in Prometheus's text format, version 0.0.4. */
    String text();

    /** Sees metrics one by one. */
    @FunctionalInterface
    interface Visitor {
        /**
         * A metric.
         *
         * @param name its name
         * @param labels its labels as {@code a="x",b="y"}, empty without any
         * @param help its line of help
         * @param counter whether it is a counter, else it is a gauge
         * @param value its present value
         */
        void metric(String name, String labels, String help, boolean counter, long value);
    }
}
