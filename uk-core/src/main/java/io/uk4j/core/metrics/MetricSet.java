package io.uk4j.core.metrics;

import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a registry and all that were derived from it by labels share. */
final class MetricSet {
    private static final String COUNTER_SUFFIX = "_total";

    /** All metrics of one name. */
    private record Family(String name, String help, NavigableMap<String, Metric> byLabels) {
        boolean counts() {
            return name.endsWith(COUNTER_SUFFIX);
        }
    }

    /** One metric; a counter is kept to be given out again. */
    private record Metric(@Nullable Counter counter, LongSupplier value) {}

    private final int limit;
    private final NavigableMap<String, Family> families = new ConcurrentSkipListMap<>();
    private final NavigableMap<String, Labels> labelSets = new ConcurrentSkipListMap<>();
    private final Counter refused;
    private final Counter failed;
    private int size;
    private Consumer<Labels> labelListener = labels -> {};

    MetricSet(int limit) {
        this.limit = limit;
        refused =
                counter("uk_metrics_refused_total", Labels.NONE, "Metrics not registered because there are too many.");
        failed = counter("uk_metrics_failed_total", Labels.NONE, "Readings of gauges that ended in an exception.");
    }

    synchronized Counter counter(String name, Labels labels, String help) {
        check(name, true);
        Metric known = find(name, labels);
        if (known != null && known.counter() != null) {
            return known.counter();
        }
        Counter counter = new Counter();
        put(name, labels, help, new Metric(counter, counter::value));
        return counter;
    }

    synchronized void gauge(String name, Labels labels, String help, LongSupplier value) {
        check(name, false);
        put(name, labels, help, new Metric(null, value));
    }

    private static void check(String name, boolean counts) {
        if (!Labels.isName(name) || name.charAt(0) == '_') {
            throw new IllegalArgumentException(
                    "Not a metric's name of lower-case letters, digits and underscores: " + name);
        }
        if (name.endsWith(COUNTER_SUFFIX) != counts) {
            throw new IllegalArgumentException("Counters end in " + COUNTER_SUFFIX + " and gauges do not: " + name);
        }
    }

    private @Nullable Metric find(String name, Labels labels) {
        Family family = families.get(name);
        return family == null ? null : family.byLabels().get(labels.text());
    }

    private void put(String name, Labels labels, String help, Metric metric) {
        if (size >= limit && find(name, labels) == null) {
            refused.increment();
            return;
        }
        Family family = families.computeIfAbsent(name, n -> new Family(n, help, new ConcurrentSkipListMap<>()));
        if (family.byLabels().put(labels.text(), metric) == null) {
            size++;
        }
        if (labelSets.put(labels.text(), labels) == null) {
            labelListener.accept(labels);
        }
    }

    /** Tells the listener of every set of labels, the present ones and, one by one, those to come. There is one listener. */
    synchronized void onLabels(Consumer<Labels> listener) {
        labelListener = listener;
        labelSets.values().forEach(listener);
    }

    void forEach(Counters.Visitor visitor) {
        for (Family family : families.values()) {
            family.byLabels()
                    .forEach((labels, metric) -> read(
                            metric,
                            value -> visitor.metric(family.name(), labels, family.help(), family.counts(), value)));
        }
    }

    /** Everything in the text format 0.0.4, which is described under "Exposition formats" in Prometheus's documentation. */
    String text() {
        StringBuilder text = new StringBuilder(4096);
        for (Family family : families.values()) {
            text.append("# HELP ").append(family.name()).append(' ').append(Labels.escape(family.help()));
            text.append("\n# TYPE ").append(family.name()).append(family.counts() ? " counter\n" : " gauge\n");
            family.byLabels()
                    .forEach((labels, metric) -> read(metric, value -> {
                        text.append(family.name());
                        if (!labels.isEmpty()) {
                            text.append('{').append(labels).append('}');
                        }
                        text.append(' ').append(value).append('\n');
                    }));
        }
        return text.toString();
    }

    /** Takes one value; separate from showing it, so that only a gauge's own failure is swallowed. */
    private void read(Metric metric, LongConsumer reader) {
        long value;
        try {
            value = metric.value().getAsLong();
        } catch (RuntimeException _) {
            synchronized (this) {
                failed.increment();
            }
            return;
        }
        reader.accept(value);
    }
}
