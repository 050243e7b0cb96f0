package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts of the boot layer that were compiled for the host, with sanitizers, and what a fuzzer finds in a quarter of a minute. */
class HostTestsIT {
    private static final Path SCRIPTS = Path.of("src", "test", "c");
    private static final String LONG_SECONDS = "300";
    private static final String SHORT_SECONDS = "15";

    @TempDir
    Path folder;

    @BeforeAll
    static void needsCompilers() {
        Requirements.commands("gcc", "clang");
    }

    private String run(String... line) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash"));
        command.addAll(List.of(line));
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        String said = Files.readString(log);
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    @Test
    void filesKeepTheirPromises() throws Exception {
        String said = run(SCRIPTS.resolve("run-files").toString());
        assertTrue(said.matches("(?s).*\nrun-files: [1-9][0-9]* passed, 0 failed\n"), said);
    }

    @Test
    void memoryKeepsItsPromises() throws Exception {
        String said = run(SCRIPTS.resolve("run-memory").toString());
        assertTrue(said.matches("(?s).*\nrun-memory: [1-9][0-9]* passed, 0 failed\n"), said);
    }

    @Test
    void filesOfManyThreadsHaveNoRace() throws Exception {
        run(SCRIPTS.resolve("run-files").toString(), "race");
    }

    @Test
    void noTreeBreaksItsParser() throws Exception {
        boolean isLong = Boolean.getBoolean("uk.test.long");
        String said = run(SCRIPTS.resolve("run-files").toString(), "fuzz", isLong ? LONG_SECONDS : SHORT_SECONDS);
        assertTrue(said.contains("stat::number_of_executed_units"), said);
    }

    @Test
    void firmwareIsTakenAtItsWordOnlyAfterChecks() throws Exception {
        String said = run(SCRIPTS.resolve("run-start").toString());
        assertTrue(said.matches("(?s)(.*\n)?[1-9][0-9]* passed, 0 failed\n"), said);
    }

    @Test
    void theFrequencyOfTheCounterIsLearntFromWhoeverTellsIt() throws Exception {
        String said = run(SCRIPTS.resolve("run-clock").toString());
        assertTrue(said.matches("(?s)(.*\n)?[1-9][0-9]* passed, 0 failed\n"), said);
    }

    @Test
    void noFirmwareBreaksTheStart() throws Exception {
        boolean isLong = Boolean.getBoolean("uk.test.long");
        String said = run(SCRIPTS.resolve("run-start").toString(), "fuzz", isLong ? LONG_SECONDS : SHORT_SECONDS);
        assertTrue(said.contains("stat::number_of_executed_units"), said);
    }
}
