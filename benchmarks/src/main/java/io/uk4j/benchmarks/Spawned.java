package io.uk4j.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server process that is measured: knows when it is ready, and how much processor time it took. */
final class Spawned implements AutoCloseable {
    /** The unit of the times in /proc/PID/stat, USER_HZ, is 100 per second on every Linux. */
    private static final double TICKS_PER_SECOND = 100;

    private final Process process;
    private final StringBuilder output = new StringBuilder();

    private Spawned(Process process) {
        this.process = process;
    }

    /** Starts a process and waits until it has printed a line that contains {@code ready}. */
    static Spawned start(List<String> command, String ready) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            Spawned spawned = new Spawned(process);
            spawned.awaitLine(command, ready);
            return spawned;
        } catch (IOException e) {
            throw new BenchmarkException(String.join(" ", command) + " could not be started: " + e.getMessage(), e);
        }
    }

    private void awaitLine(List<String> command, String ready) throws IOException {
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.append(line).append('\n');
            if (line.contains(ready)) {
                Thread.ofVirtual().start(() -> drain(lines));
                return;
            }
        }
        throw new BenchmarkException(String.join(" ", command) + " ended before it was ready:\n" + output);
    }

    private static void drain(BufferedReader lines) {
        try {
            while (lines.readLine() != null) {
                // Only keeps the pipe from filling up.
            }
        } catch (IOException _) {
            // The process was ended.
        }
    }

    /** Processor time taken so far, user and system, in seconds. */
    double cpuSeconds() {
        try {
            String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
        } catch (IOException e) {
            throw new UncheckedIOException("The process is gone.", e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
