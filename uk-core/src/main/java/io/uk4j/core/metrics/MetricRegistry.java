package io.uk4j.core.metrics;

import java.util.function.LongSupplier;

/**
 * The counters and gauges of one appliance, in memory. A registry obtained by {@link #with} registers into the same set,
 * and {@link #forEach} and {@link #text} show the whole set from either.
 *
 * <p>The set is bounded: beyond {@value #METRIC_LIMIT} metrics a new gauge is left out and a new counter counts unseen;
 * {@code uk_metrics_refused_total} says how often. A gauge that throws when it is read is left out of that reading and
 * counted in {@code uk_metrics_failed_total}.
 *
 * <p>Thread rule: shared. Registering takes a lock, reading and counting do not.
 */
public final class MetricRegistry implements Counters {
    /** How many metrics there may be, counting each set of labels. */
    public static final int METRIC_LIMIT = 16_384;

    private final MetricSet metrics;
    private final Labels labels;

    /** Creates an empty registry. */
    public MetricRegistry() {
        this(new MetricSet(METRIC_LIMIT), Labels.NONE);
    }

    MetricRegistry(MetricSet metrics, Labels labels) {
        this.metrics = metrics;
        this.labels = labels;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the label is malformed, or this registry has it already
     */
    @Override
    public MetricRegistry with(String label, String value) {
        return new MetricRegistry(metrics, labels.with(label, value));
    }

    @Override
    public Counter counter(String name, String help) {
        return metrics.counter(name, labels, help);
    }

    @Override
    public void gauge(String name, String help, LongSupplier value) {
        metrics.gauge(name, labels, help, value);
    }

    @Override
    public void forEach(Visitor visitor) {
        metrics.forEach(visitor);
    }

    @Override
    public String text() {
        return metrics.text();
    }

    MetricSet metrics() {
        return metrics;
    }
}
