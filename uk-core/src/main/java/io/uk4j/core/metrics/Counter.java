package io.uk4j.core.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A number that only grows, written by one loop and read by anyone.
 *
 * <p>Thread rule: loop-owned for writing, shared for reading. A reader sees a value that was true a moment ago.
 */
public final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long value;

    /** Creates a counter that stands at 0 and hangs nowhere; see {@link Counters#counter} for the usual way. */
    public Counter() {}

    /** Adds 1. */
    public void increment() {
        add(1);
    }

    /** Adds {@code amount}, which is not negative. */
    public void add(long amount) {
        VALUE.setOpaque(this, value + amount);
    }

    /** The present value. */
    public long value() {
        return (long) VALUE.getOpaque(this);
    }
}
