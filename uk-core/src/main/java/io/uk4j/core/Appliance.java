package io.uk4j.core;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Key;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.metrics.MetricRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An application with its libraries, from start to stop: holds platform, configuration and counters, and closes what it
 * owns. An application's {@code main} is usually one call of {@link #main}; a test or an embedding program calls
 * {@link #create} as often as it likes, for nothing here is static.
 *
 * <p>Stopping begins with {@link #stop}, a stop request of the console, or a failure of the body. Then the body's thread
 * is interrupted if it still runs, and everything owned is closed in the reverse order of {@link #own}, on one thread of
 * the appliance's own; what fails to close is logged and does not keep the rest from being closed. All this may take
 * 10 seconds.
 *
 * <p>Thread rule: shared.
 */
public final class Appliance implements AutoCloseable {
    /** Which platform {@link #main} chooses, where there are several. */
    public static final Key<String> PLATFORM =
            Key.string("uk.platform", "the platform to run on, where there are several");

    static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Appliance.class);

    private final Platform platform;
    private final boolean ownsPlatform;
    private final Config config;
    private final List<String> arguments;
    private final MetricRegistry counters = new MetricRegistry();
    private final OwnedResources owned = new OwnedResources();
    private final Map<String, Supplier<String>> sections = new LinkedHashMap<>();
    private final CountDownLatch stopRequested = new CountDownLatch(1);
    private volatile boolean restarting;

    Appliance(Platform platform, boolean ownsPlatform, Config config, List<String> arguments) {
        this.platform = platform;
        this.ownsPlatform = ownsPlatform;
        this.config = config;
        this.arguments = List.copyOf(arguments);
    }

    /**
     * Runs an appliance as the whole program, and ends the JVM. Reads the command line ({@code --help} lists what it may
     * hold), the configuration in all its layers, and the platform that {@code uk.platform} names, else the only one that
     * {@link java.util.ServiceLoader} finds; runs the body; waits until it is stopped. The exit status is 0 after an
     * orderly stop, 3 if {@link #restart} asked for it and the platform cannot do it, 2 after a {@link UkException}, whose
     * message is printed to the standard error stream, and 1 after any other failure.
     *
     * @param arguments what the JVM was started with: {@code uk.KEY=VALUE}, {@code --help}, {@code --describe}, and after
     *     {@code --} the application's own, see {@link #arguments()}
     * @param body the application
     */
    public static void main(String[] arguments, ApplianceBody body) {
        System.exit(Launcher.ofThisProcess().launch(arguments, body));
    }

    /**
     * An appliance for a test or an embedding program.
     *
     * @param platform what it stands on; stays the caller's, to be closed after the appliance
     * @param config its configuration
     */
    public static Appliance create(Platform platform, Config config) {
        return create(platform, config, List.of());
    }

    /**
     * An appliance with arguments.
     *
     * @param platform what it stands on; stays the caller's, to be closed after the appliance
     * @param config its configuration
     * @param arguments what {@link #arguments()} returns
     */
    public static Appliance create(Platform platform, Config config, List<String> arguments) {
        return new Appliance(platform, false, config, arguments);
    }

    /** What the appliance stands on. */
    public Platform platform() {
        return platform;
    }

    /** The appliance's configuration. */
    public Config config() {
        return config;
    }

    /** The appliance's counters and gauges. */
    public Counters counters() {
        return counters;
    }

    MetricRegistry registry() {
        return counters;
    }

    /** The application's own arguments: what stood on the command line after {@code --}. */
    public List<String> arguments() {
        return arguments;
    }

    /**
     * Hands a resource over, to be closed when the appliance stops: after those that were handed over later, and on
     * another thread than the caller's.
     *
     * @param resource what to close, once
     * @return the same
     * @throws IllegalStateException if the appliance is closing already; the resource was closed at once
     */
    public <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    /**
     * Adds a section to {@link #describe}.
     *
     * @param title its heading; replaces an earlier section of the same title
     * @param text its lines, asked for at each call of {@link #describe}, on the thread of that call
     */
    public void describeWith(String title, Supplier<String> text) {
        synchronized (sections) {
            sections.put(title, text);
        }
    }

    /** What this appliance is made of, for people: platform, linked modules, added sections, configuration. */
    public String describe() {
        Map<String, Supplier<String>> added;
        synchronized (sections) {
            added = new LinkedHashMap<>(sections);
        }
        StringBuilder text = new StringBuilder();
        section(text, "Platform", platform.name());
        section(text, "Modules", LinkedModules.describe());
        added.forEach((title, lines) -> section(text, title, lines.get()));
        section(text, "Configuration", config.describe());
        return text.toString();
    }

    private static void section(StringBuilder text, String title, String lines) {
        text.append(text.isEmpty() ? "" : "\n").append(title).append('\n');
        lines.lines().forEach(line -> text.append("  ").append(line).append('\n'));
    }

    /** Asks the appliance to stop, and returns at once. Asking again has no further effect. */
    public void stop() {
        stopRequested.countDown();
    }

    /**
     * Asks the appliance to stop and to be started again, and returns at once. An appliance that {@link #main} runs in a sealed image starts
     * the machine anew, after an orderly stop; in an ordinary process it ends with the exit status 3, by which a supervisor can tell.
     * Has no effect once the appliance was asked to stop.
     */
    public void restart() {
        restarting |= !isStopping();
        stop();
    }

    /** Whether the appliance was asked to stop and to be started again. */
    public boolean isRestarting() {
        return restarting;
    }

    /** Whether the appliance was asked to stop. */
    public boolean isStopping() {
        return stopRequested.getCount() == 0;
    }

    /**
     * Runs the body on a thread of its own, waits until the appliance is stopped, and closes everything. To be called
     * once.
     *
     * @param body the application
     * @throws StopTimeoutException if something hangs while it is closed; it still does
     * @throws InterruptedException if the caller is interrupted while the appliance closes; an earlier interrupt stops
     *     the appliance
     * @throws Exception what the body threw before anything else stopped the appliance
     */
    public void run(ApplianceBody body) throws Exception {
        run(body, STOP_LIMIT, () -> {});
    }

    /** Runs the body, and something that need not be done before it, and does not throw, beside it. */
    void run(ApplianceBody body, Duration stopLimit, Runnable beside) throws Exception {
        platform.console().onStopRequest(this::stop);
        LifeCycleEvents.emit(platform.name(), "starting");
        LOG.info("Starting on platform {}", platform.name());
        BodyThread running = new BodyThread(this, body);
        running.start();
        beside.run();
        boolean interrupted = false;
        try {
            stopRequested.await();
        } catch (InterruptedException _) {
            interrupted = true;
            stop();
        }
        LOG.info("Stopping");
        LifeCycleEvents.emit(platform.name(), "stopping");
        closeWithin(stopLimit, running);
        LifeCycleEvents.emit(platform.name(), "stopped");
        LOG.info("Stopped");
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        running.rethrow();
    }

    private void closeWithin(Duration limit, BodyThread running) throws InterruptedException {
        Thread closer = Thread.ofPlatform().name("appliance-stop").daemon().start(() -> {
            running.interrupt();
            owned.closeAll();
            running.joinUninterruptibly();
            closePlatform();
        });
        if (closer.join(limit)) {
            return;
        }
        AutoCloseable hanging = owned.closing();
        Thread where = hanging == null ? running : closer;
        StringBuilder stack = new StringBuilder("It is at:");
        for (StackTraceElement frame : where.getStackTrace()) {
            stack.append("\n    ").append(frame);
        }
        throw new StopTimeoutException(
                "The appliance did not stop within " + limit.toMillis() / 1000.0 + " s: "
                        + (hanging == null
                                ? "the application's body"
                                : hanging.getClass().getName()) + " hangs.",
                stack.toString(),
                null);
    }

    /**
     * Stops the appliance and closes everything it owns, on the calling thread and for as long as it takes: for an
     * appliance whose body was not {@linkplain #run run} but called. Has no further effect while or after it closes.
     */
    @Override
    public void close() {
        stop();
        if (owned.closeAll()) {
            closePlatform();
        }
    }

    /** The platform goes last, when nothing is left that could touch its memory. */
    private void closePlatform() {
        if (ownsPlatform) {
            owned.closeNow(platform);
        }
    }

    /** The thread that the body runs on, and how that ended. */
    private static final class BodyThread extends Thread {
        private final Appliance appliance;
        private final ApplianceBody body;
        private volatile @Nullable Throwable failure;

        BodyThread(Appliance appliance, ApplianceBody body) {
            super("appliance");
            this.appliance = appliance;
            this.body = body;
            // One that ignores its interrupt must not keep an embedding JVM alive.
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                body.run(appliance);
            } catch (Throwable e) {
                if (!appliance.isStopping()) {
                    failure = e;
                } else if (!(e instanceof InterruptedException)) {
                    LOG.warn("The application's body failed while the appliance stops", e);
                }
                appliance.stop();
            }
        }

        void joinUninterruptibly() {
            boolean joined = false;
            while (!joined) {
                try {
                    join();
                    joined = true;
                } catch (InterruptedException _) {
                    LOG.debug("Nobody interrupts this thread, but waiting goes on");
                }
            }
        }

        void rethrow() throws Exception {
            switch (failure) {
                case null -> {}
                case Exception e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
        }
    }
}
