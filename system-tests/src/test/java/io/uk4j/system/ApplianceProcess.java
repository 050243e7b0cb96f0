package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * An example in a process of its own, started from its jar as a user would. What it writes is kept in a file, and shown
 * when a test fails because of it.
 */
final class ApplianceProcess implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final String READY = "Ready: ";

    private final Process process;
    private final Path log;
    private boolean stopped;

    private ApplianceProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts an example and waits until it says that it is ready.
     *
     * @param inside puts a command line where it is to run
     * @param example such as {@code hello-http}
     * @param keys configuration, as {@code uk.KEY=VALUE}
     */
    static ApplianceProcess start(UnaryOperator<List<String>> inside, String example, List<String> keys) {
        ApplianceProcess appliance = launch(inside, example, keys);
        try {
            appliance.await("it is ready", READY_LIMIT, () -> appliance.log().contains(READY));
        } catch (RuntimeException | Error e) {
            appliance.kill();
            throw e;
        }
        return appliance;
    }

    /** Starts an example that may end by itself; {@link #awaitExit} tells how. */
    static ApplianceProcess launch(UnaryOperator<List<String>> inside, String example, List<String> keys) {
        // Whoever runs the tests in the background of a shell has SIGINT ignored, and so would all processes below.
        List<String> line = new ArrayList<>(List.of("env", "--default-signal=INT"));
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Whoever runs the tests may have few and slow cores: little heap, and no more collector threads than needed.
        line.addAll(List.of(
                "-Xmx256m", "-XX:+UseSerialGC", "-ea", "-jar", jar(example).toString()));
        line.addAll(keys);
        try {
            Path logs = Files.createDirectories(Path.of(property("uk.test.logs")));
            Path log = logs.resolve(example + "-" + COUNT.incrementAndGet() + ".log");
            Process process = new ProcessBuilder(inside.apply(line))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new ApplianceProcess(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path jar(String example) {
        return Path.of(property("uk.test.examples"), example, "target", "uk-example-" + example + ".jar");
    }

    private static String property(String name) {
        String value = System.getProperty(name);
        return value == null ? fail("These tests are run by Maven, which sets " + name + ".") : value;
    }

    /** All that it has written so far. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Waits until a condition holds; fails if the limit passes or the process ends before it does. */
    void await(String what, Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (!process.isAlive() && !condition.getAsBoolean()) {
                fail("It ended with status " + process.exitValue() + " before " + what + ":\n" + log());
            }
            if (System.nanoTime() - deadline > 0) {
                fail("Not within " + limit + ": " + what + "\n" + log());
            }
            pause();
        }
    }

    private void pause() {
        try {
            process.waitFor(20, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits until it ends by itself; returns its exit status. */
    int awaitExit() {
        return awaitExit(READY_LIMIT);
    }

    /** Waits until it ends; returns its exit status. */
    int awaitExit(Duration limit) {
        await("it ends", limit, () -> !process.isAlive());
        stopped = true;
        return process.exitValue();
    }

    /** Asks it to stop, as a service manager would, and expects that it does so in order: in time, status 0, no error logged. */
    void stop() {
        stopped = true;
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
                fail("It did not stop within " + STOP_LIMIT + ":\n" + log());
            }
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        assertEquals(0, process.exitValue(), this::log);
        assertFalse(log().contains("[ERROR]"), this::log);
    }

    /** Ends it as a power cut would; nothing is expected of it any more. */
    void kill() {
        stopped = true;
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Stops it unless that was done. */
    @Override
    public void close() {
        if (!stopped) {
            stop();
        }
    }
}
