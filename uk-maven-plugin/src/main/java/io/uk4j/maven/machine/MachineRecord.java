package io.uk4j.maven.machine;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What is written down of a machine that runs beside a build, so that another process finds it. A number of a process may be given again, so it
 * counts only with the time at which that was started.
 *
 * <p>Thread rule: immutable.
 *
 * @param pid of QEMU
 * @param started when that was
 * @param mavenPid of whoever started it
 * @param mavenStarted when that one was
 * @param monitor where QEMU listens
 */
public record MachineRecord(long pid, String started, long mavenPid, String mavenStarted, Path monitor) {
    /** When a process was started, as the system tells it; empty if it does not. */
    static String startOf(ProcessHandle process) {
        return process.info().startInstant().map(Object::toString).orElse("");
    }

    /**
     * Writes it to a file that is not there yet.
     *
     * @throws java.nio.file.FileAlreadyExistsException if it is
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("pid", String.valueOf(pid));
        properties.setProperty("started", started);
        properties.setProperty("maven.pid", String.valueOf(mavenPid));
        properties.setProperty("maven.started", mavenStarted);
        properties.setProperty("monitor", monitor.toString());
        StringWriter text = new StringWriter();
        properties.store(text, null);
        Files.writeString(file, text.toString(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /**
     * Reads one.
     *
     * @param file that may be there
     * @return the record if it is there and the machine runs; one whose machine has ended is deleted, with what it left
     * @throws IOException if it cannot be read
     */
    public static Optional<MachineRecord> read(Path file) throws IOException {
        Properties properties = new Properties();
        MachineRecord found;
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
            found = new MachineRecord(
                    Long.parseLong(properties.getProperty("pid", "")),
                    properties.getProperty("started", ""),
                    Long.parseLong(properties.getProperty("maven.pid", "")),
                    properties.getProperty("maven.started", ""),
                    Path.of(properties.getProperty("monitor", "")));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            // Whoever wrote it did not come to the end.
            Files.deleteIfExists(file);
            return Optional.empty();
        }
        if (!found.isRunning()) {
            Files.deleteIfExists(file);
            Machine.forget(found.monitor);
            return Optional.empty();
        }
        return Optional.of(found);
    }

    /** Whether the machine runs. */
    public boolean isRunning() {
        return process(pid, started).isPresent();
    }

    /** Whether whoever started it runs. */
    public boolean hasMaven() {
        return process(mavenPid, mavenStarted).isPresent();
    }

    /** Whether it was started by this process. */
    public boolean isOurs() {
        return mavenPid == ProcessHandle.current().pid() && hasMaven();
    }

    /**
     * Ends it: by its power button, and if it does not end by that, as a power cut would.
     *
     * @param limitMs how long it may take to end in order
     * @return whether it did
     */
    public boolean end(long limitMs) throws InterruptedException {
        Optional<ProcessHandle> process = process(pid, started);
        if (process.isEmpty()) {
            return true;
        }
        CompletableFuture<ProcessHandle> end = process.get().onExit();
        try {
            Machine.pressPowerButton(monitor);
            end.get(limitMs, TimeUnit.MILLISECONDS);
            return true;
        } catch (IOException | TimeoutException e) {
            process.get().destroyForcibly();
            end.join();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("Waiting for a process does not fail.", e);
        }
    }

    private static Optional<ProcessHandle> process(long pid, String started) {
        return ProcessHandle.of(pid)
                .filter(process -> process.isAlive() && startOf(process).equals(started));
    }
}
