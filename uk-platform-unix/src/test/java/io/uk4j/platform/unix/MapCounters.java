package io.uk4j.platform.unix;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** Counters by name and labels. */
final class MapCounters implements Counters {
    private final Map<String, Counter> counters;
    private final String labels;

    MapCounters() {
        this(new TreeMap<>(), "");
    }

    private MapCounters(Map<String, Counter> counters, String labels) {
        this.counters = counters;
        this.labels = labels;
    }

    /** The value under a name with all its labels, such as {@code uk_x_total{device="uk0"}}. */
    long value(String nameWithLabels) {
        Counter counter = counters.get(nameWithLabels);
        if (counter == null) {
            throw new AssertionError(nameWithLabels + " is not among " + counters.keySet());
        }
        return counter.value();
    }

    @Override
    public Counters with(String label, String value) {
        String own = label + "=\"" + value + "\"";
        return new MapCounters(counters, labels.isEmpty() ? own : labels + "," + own);
    }

    @Override
    public Counter counter(String name, String help) {
        return counters.computeIfAbsent(name + "{" + labels + "}", _ -> new Counter());
    }

    @Override
    public void gauge(String name, String help, LongSupplier value) {
        throw new UnsupportedOperationException("no gauges here");
    }

    @Override
    public void forEach(Visitor visitor) {
        counters.forEach((name, counter) -> visitor.metric(name, labels, "", true, counter.value()));
    }

    @Override
    public String text() {
        return counters.toString();
    }
}
