package io.uk4j.sched;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.Duty;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Platform;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Time and sleep, and nothing else. The clock is the machine's, or stands where the test puts it. */
final class TestPlatform implements Platform, Clock {
    private final boolean virtual;
    private volatile long virtualNs;
    final AtomicInteger wakeups = new AtomicInteger();
    final AtomicInteger waiting = new AtomicInteger();

    private TestPlatform(boolean virtual) {
        this.virtual = virtual;
    }

    static TestPlatform real() {
        return new TestPlatform(false);
    }

    static TestPlatform virtual() {
        return new TestPlatform(true);
    }

    void setNs(long nowNs) {
        virtualNs = nowNs;
    }

    /** Polls a loop in virtual time until it has nothing to do and waits for nothing. */
    void runOut(Loop loop) {
        while (true) {
            while (loop.poll(nowNs()) > 0) {
                // The work of an instant ends before time moves.
            }
            long next = loop.nextDeadlineNs();
            if (next == Duty.NO_DEADLINE) {
                return;
            }
            setNs(Math.max(virtualNs, next));
        }
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public Clock clock() {
        return this;
    }

    @Override
    public long nowNs() {
        return virtual ? virtualNs : System.nanoTime();
    }

    @Override
    public long wallNs() {
        return nowNs();
    }

    @Override
    public EntropySource entropy() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Console console() {
        throw new UnsupportedOperationException();
    }

    @Override
    public PageSource pages() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    @Override
    public void close() {}

    @Override
    public Waiter newWaiter() {
        return new Waiter() {
            private final Semaphore permits = new Semaphore(0);

            @Override
            public void register(WaitSource source) {}

            @Override
            public void unregister(WaitSource source) {}

            @Override
            public boolean await(long deadlineNs) {
                waiting.incrementAndGet();
                try {
                    boolean woken;
                    if (deadlineNs == Duty.NO_DEADLINE) {
                        permits.acquire();
                        woken = true;
                    } else {
                        woken = permits.tryAcquire(deadlineNs - nowNs(), TimeUnit.NANOSECONDS);
                    }
                    permits.drainPermits();
                    return woken;
                } catch (InterruptedException e) {
                    return true;
                } finally {
                    waiting.decrementAndGet();
                }
            }

            @Override
            public void wakeup() {
                wakeups.incrementAndGet();
                permits.release();
            }

            @Override
            public void close() {}
        };
    }
}
