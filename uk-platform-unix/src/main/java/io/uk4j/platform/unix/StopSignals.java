package io.uk4j.platform.unix;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * SIGINT and SIGTERM as one request to stop.
 *
 * <p>A shutdown hook alone would not do: once hooks run, the exit status can no longer be chosen, loggers' own hooks run
 * beside ours, and a second SIGINT has no effect. So the signals are handled, and a hook serves only where the JVM was
 * told to leave them alone.
 */
final class StopSignals implements AutoCloseable {
    private static final String INTERRUPT = "INT";
    private static final String TERMINATE = "TERM";

    /** What a shell reports of a process that SIGINT ended. */
    private static final int STATUS_OF_SIGINT = 130;

    private static final long HOOK_LIMIT_SECONDS = 10;

    private final AtomicBoolean requested = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<HostSignal> handled = new ArrayList<>();
    private volatile Runnable action;
    private @Nullable Thread hook;

    private StopSignals(Runnable action) {
        this.action = action;
    }

    static StopSignals install(Runnable action) {
        StopSignals signals = new StopSignals(action);
        try {
            for (String name : List.of(INTERRUPT, TERMINATE)) {
                signals.handled.add(HostSignal.handle(name, () -> signals.arrived(name)));
            }
        } catch (IllegalArgumentException _) {
            signals.restore();
            signals.addHook();
        }
        return signals;
    }

    void action(Runnable newAction) {
        action = newAction;
    }

    private void arrived(String name) {
        if (requested.compareAndSet(false, true)) {
            action.run();
        } else if (name.equals(INTERRUPT)) {
            // Somebody presses Ctrl-C again because the orderly way takes too long. Supervisors repeat SIGTERM for
            // less.
            Runtime.getRuntime().halt(STATUS_OF_SIGINT);
        }
    }

    private void addHook() {
        hook = new Thread(this::runAsHook, "uk-stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void runAsHook() {
        if (requested.compareAndSet(false, true)) {
            action.run();
        }
        try {
            boolean _ = closed.await(HOOK_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void restore() {
        handled.forEach(HostSignal::restore);
        handled.clear();
    }

    @Override
    public void close() {
        restore();
        closed.countDown();
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException _) {
                // The JVM shuts down already.
            }
        }
    }
}
