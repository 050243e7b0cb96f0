package io.uk4j.sched;

import io.uk4j.core.metrics.Counter;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what a kind of action threw, and logs the first few and then ever fewer of them: what fails in each round must not
 * fill the log.
 */
final class Failures implements Consumer<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
    private static final int LOGGED_ALL = 16;

    private final String loop;
    private final String kind;
    private final Counter counter;

    Failures(String loop, String kind, Counter counter) {
        this.loop = loop;
        this.kind = kind;
        this.counter = counter;
    }

    /** Locked because fibers may fail on threads of others, and a counter has one writer at a time. */
    @Override
    public synchronized void accept(Throwable failure) {
        counter.increment();
        long count = counter.value();
        if (count <= LOGGED_ALL) {
            LOG.warn("{}: a {} threw, and the loop goes on", loop, kind, failure);
        } else if (Long.bitCount(count) == 1) {
            LOG.warn("{}: {} failures of a {} by now, the last one", loop, count, kind, failure);
        }
    }
}
