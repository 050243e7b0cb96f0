package io.uk4j.gateway;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.PlatformException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A waiter that host sockets can wake: it sleeps in a {@link Selector}. Takes no sources but signals. */
final class SelectorWaiter implements Waiter {
    private static final long NS_PER_MS = 1_000_000;

    private final Clock clock;
    private final Selector selector;
    private final ArrayDeque<SelectionKey> ready = new ArrayDeque<>();
    private final Consumer<SelectionKey> collect = ready::add;
    private final AtomicBoolean woken = new AtomicBoolean();

    SelectorWaiter(Clock clock) {
        this.clock = clock;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new PlatformException("The host gives no selector: " + e.getMessage(), null, null, e);
        }
    }

    /** Where host sockets register. */
    Selector selector() {
        return selector;
    }

    /** Looks, without waiting, which sockets are ready, unless some are left to be taken. */
    void select() {
        if (ready.isEmpty()) {
            try {
                selector.selectNow(collect);
            } catch (IOException e) {
                throw new UncheckedIOException("The selector failed.", e);
            }
        }
    }

    /** Takes a socket that was ready, or null if there are no more. */
    @Nullable
    SelectionKey tryTakeReady() {
        return ready.poll();
    }

    @Override
    public void register(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::register);
            return;
        }
        if (!(source instanceof SignalSource signal)) {
            throw new IllegalArgumentException(
                    "The gateway's loop waits for signals and host sockets, not for " + source);
        }
        signal.attach(this);
    }

    @Override
    public void unregister(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::unregister);
            return;
        }
        if (source instanceof SignalSource signal) {
            signal.attach(null);
        }
    }

    @Override
    public boolean await(long deadlineNs) {
        int sockets;
        try {
            long leftNs = deadlineNs - clock.nowNs();
            if (deadlineNs == Duty.NO_DEADLINE) {
                sockets = selector.select(collect);
            } else if (leftNs <= 0) {
                sockets = selector.selectNow(collect);
            } else {
                // Rounded up: a wait that ends before its deadline would be followed by another, at once.
                sockets = selector.select(collect, (leftNs + NS_PER_MS - 1) / NS_PER_MS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The selector failed.", e);
        }
        return woken.getAndSet(false) || sockets > 0;
    }

    @Override
    public void wakeup() {
        // The selector does not say what has woken it.
        woken.set(true);
        selector.wakeup();
    }

    @Override
    public void close() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException("The selector could not be closed.", e);
        }
    }
}
