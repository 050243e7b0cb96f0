package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first program and its pom, taken out of the README as they stand, built and run as a user would. */
class ReadmeIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @TempDir
    Path folder;

    @Test
    void theProgramOfTheReadmeServes() throws Exception {
        UserProject project = new UserProject(folder.resolve("project"));
        Path classPath = folder.resolve("classpath");
        project.maven(
                        "-q",
                        "compile",
                        "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath",
                        "-Dmdep.outputFile=" + classPath)
                .succeeded();
        int port = FreePorts.next();
        Process hello = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        folder.resolve("project/target/classes") + ":"
                                + Files.readString(classPath).strip(),
                        "Hello",
                        "uk.net.device=gateway:" + port + "=80",
                        "uk.net.ipv4=10.0.2.15/24",
                        "uk.net.gateway=10.0.2.2")
                .redirectError(folder.resolve("errors").toFile())
                .start();
        try {
            assertEquals("Ready", hello.inputReader().readLine(), () -> text(folder.resolve("errors")));
            try (HttpClient client = HttpClient.newHttpClient()) {
                HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                        .timeout(LIMIT)
                        .build();
                assertEquals(
                        "Hello from uk4j\n",
                        client.send(request, HttpResponse.BodyHandlers.ofString())
                                .body());
            }
            hello.destroy();
            assertTrue(hello.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
            assertEquals(0, hello.exitValue(), () -> text(folder.resolve("errors")));
        } finally {
            hello.destroyForcibly();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
