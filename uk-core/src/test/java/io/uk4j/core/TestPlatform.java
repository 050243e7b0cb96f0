package io.uk4j.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A platform with a name and a console, which is all that a life cycle needs. */
final class TestPlatform implements Platform, Console {
    private final String name;
    volatile @Nullable Runnable stopAction;
    volatile boolean closed;
    volatile boolean restarts;
    volatile boolean restarted;

    TestPlatform(String name) {
        this.name = name;
    }

    /** What the operator's Ctrl-C does. */
    void requestStop() {
        Runnable action = stopAction;
        if (action == null) {
            throw new IllegalStateException("Nobody asked for stop requests.");
        }
        action.run();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean tryRestart() {
        restarted = restarts && closed;
        return restarts;
    }

    @Override
    public Console console() {
        return this;
    }

    @Override
    public void write(CharSequence text) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onStopRequest(Runnable action) {
        stopAction = action;
    }

    @Override
    public Clock clock() {
        throw new UnsupportedOperationException();
    }

    @Override
    public EntropySource entropy() {
        throw new UnsupportedOperationException();
    }

    @Override
    public PageSource pages() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Waiter newWaiter() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    @Override
    public void close() {
        closed = true;
    }
}
