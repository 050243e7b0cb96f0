package io.uk4j.maven.image;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs a program to its end. */
final class Tool {
    private static final int SHOWN = 2000;

    private Tool() {}

    /**
     * Runs it.
     *
     * @return what it wrote to its output, errors apart
     * @throws Problem of the given kind, with what it said, if it fails
     */
    static String run(ProblemCode code, List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw failed(code, command, "status " + process.exitValue(), said);
            }
            return said;
        } catch (IOException e) {
            throw failed(code, command, String.valueOf(e.getMessage()), "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(code, command, "interrupted", "");
        }
    }

    private static Problem failed(ProblemCode code, List<String> command, String how, String said) {
        String end = said.strip();
        return new Problem(
                code,
                command.get(0) + " failed: " + how + '.',
                "It said: " + (end.isEmpty() ? "nothing" : end.substring(Math.max(0, end.length() - SHOWN))),
                String.join(" ", command));
    }
}
