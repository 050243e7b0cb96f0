package io.uk4j.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a command to its end. */
final class Command {
    private Command() {}

    /**
     * Runs a command.
     *
     * @return what it printed
     * @throws BenchmarkException if it fails or takes over two minutes; holds what it printed
     */
    static String run(String... words) {
        return run(List.of(words));
    }

    /** The same, for a list. */
    static String run(List<String> words) {
        String line = String.join(" ", words);
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(120, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new BenchmarkException(line + " did not end within two minutes.");
            }
            if (process.exitValue() != 0) {
                throw new BenchmarkException(line + " failed with status " + process.exitValue() + ":\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new BenchmarkException(line + " could not be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException(line + " was interrupted.", e);
        }
    }
}
