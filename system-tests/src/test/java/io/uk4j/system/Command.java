package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A command that was run to its end.
 *
 * @param line how it was called
 * @param status its exit status
 * @param output what it wrote to both of its streams
 */
record Command(List<String> line, int status, String output) {
    /** Runs a command. One that takes longer than the limit is killed, with all that it started, and the test fails. */
    static Command run(Duration limit, List<String> line) {
        try {
            // A file, so that a command that writes much does not wait for its reader.
            Path output = Files.createTempFile("uk-command", ".log");
            try {
                Process process = new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .start();
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly().waitFor();
                    return fail("Not done within " + limit + ": " + line + "\n" + Files.readString(output));
                }
                return new Command(line, process.exitValue(), Files.readString(output));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command that takes seconds at most. */
    static Command run(String... line) {
        return run(Duration.ofSeconds(20), List.of(line));
    }

    /** Fails the test unless the command succeeded; returns its output. */
    String succeeded() {
        assertEquals(0, status, () -> line + "\n" + output);
        return output;
    }
}
