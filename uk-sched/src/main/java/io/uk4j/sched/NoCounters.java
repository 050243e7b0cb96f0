package io.uk4j.sched;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.function.LongSupplier;

/** Counters that hang nowhere, for a loop that nobody watches. */
final class NoCounters implements Counters {
    static final NoCounters INSTANCE = new NoCounters();

    private NoCounters() {}

    @Override
    public Counters with(String label, String value) {
        return this;
    }

    @Override
    public Counter counter(String name, String help) {
        return new Counter();
    }

    @Override
    public void gauge(String name, String help, LongSupplier value) {}

    @Override
    public void forEach(Visitor visitor) {}

    @Override
    public String text() {
        return "";
    }
}
