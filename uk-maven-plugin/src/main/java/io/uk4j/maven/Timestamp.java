package io.uk4j.maven;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the files of an image are dated: never the time of the build, so that two builds give the same bytes. */
final class Timestamp {
    private static final Instant NEITHER = Instant.parse("2000-01-01T00:00:00Z");
    private static final int LIMIT_SECONDS = 10;

    private Timestamp() {}

    /** That of project.build.outputTimestamp, else of the last commit, else the first day of 2000. */
    static Instant of(@Nullable String text, Path folder) {
        if (text == null || text.length() < 2) {
            return commit(folder);
        }
        try {
            Instant time = text.matches("[0-9]+")
                    ? Instant.ofEpochSecond(Long.parseLong(text))
                    : OffsetDateTime.parse(text).toInstant();
            return time.truncatedTo(ChronoUnit.SECONDS);
        } catch (DateTimeException | NumberFormatException e) {
            throw new Problem(
                    ProblemCode.UK103,
                    "project.build.outputTimestamp=" + text + " is no time.",
                    "Allowed: ISO 8601, or seconds since 1970.",
                    "<project.build.outputTimestamp>2026-01-01T00:00:00Z</project.build.outputTimestamp>");
        }
    }

    private static Instant commit(Path folder) {
        try {
            Process git = new ProcessBuilder("git", "log", "-1", "--format=%ct")
                    .directory(folder.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            git.getOutputStream().close();
            String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            if (git.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) && git.exitValue() == 0 && said.matches("[0-9]+")) {
                return Instant.ofEpochSecond(Long.parseLong(said));
            }
        } catch (IOException e) {
            return NEITHER; // There is no git.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return NEITHER;
    }
}
