package io.uk4j.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@link MissedNotification} under jcstress, which makes two processors meet in every way that they can. */
class MissedNotificationIT {
    @TempDir
    private Path folder;

    @Test
    void whoeverIsAboutToSleepIsWokenOrSeesTheNews() throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.openjdk.jcstress.Main",
                        "-t",
                        MissedNotification.class.getName(),
                        "-f",
                        "1",
                        "-iters",
                        "3",
                        "-time",
                        "500",
                        "-af",
                        "NONE",
                        "-sc",
                        "false",
                        // One JVM for each class, not one for each way to compile it.
                        "-jvmArgs",
                        "-XX:+UseSerialGC",
                        "-r",
                        folder.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        // Whatever becomes of the test, the process does not outlive it.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        int status = process.waitFor();
        String text = Files.readString(log);
        assertEquals(0, status, text);
        assertTrue(text.contains("8 planned; 8 passed, 0 failed, 0 soft errs, 0 hard errs"), text);
    }
}
