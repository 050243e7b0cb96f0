package io.uk4j.platform.unix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Runs commands of the host. */
final class Host {
    private Host() {}

    /** Runs a command, words parted by single spaces, and fails unless it succeeds. */
    static String run(String command) {
        Process process = start(command);
        String output = output(process);
        if (process.exitValue() != 0) {
            throw new AssertionError(command + " ended with " + process.exitValue() + ": " + output);
        }
        return output;
    }

    /** Starts a command; its error output joins its output. */
    static Process start(String command) {
        return start(Arrays.asList(command.split(" ")));
    }

    static Process start(List<String> command) {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new AssertionError(command + " cannot be started", e);
        }
    }

    /** Waits for the end of a process that ends by itself. */
    static String output(Process process) {
        try {
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return text;
        } catch (IOException e) {
            throw new AssertionError("no output", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
