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
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first program and its pom, taken out of the README as they stand, built and run as a user would. */
class ReadmeIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Path root = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    @Test
    void theProgramOfTheReadmeServes() throws Exception {
        String readme = Files.readString(root.resolve("README.md"));
        Path source = folder.resolve("project/src/main/java/Hello.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, block(readme, "java"));
        Files.writeString(folder.resolve("project/pom.xml"), block(readme, "xml"));
        Path classPath = folder.resolve("classpath");
        run(List.of(
                root.resolve("mvnw").toString(),
                "-q",
                "-f",
                folder.resolve("project/pom.xml").toString(),
                // Our artifacts as if installed, before what the user's repository holds.
                "-Dmaven.repo.local=" + installed(),
                "-Dmaven.repo.local.tail=" + userRepository(),
                "compile",
                "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath",
                "-Dmdep.outputFile=" + classPath));
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

    private static String block(String readme, String language) {
        Matcher block =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(block.find(), "There is no block of " + language + " in the README.");
        return block.group(1);
    }

    /** A repository with this build's artifacts, laid out as installing them would. */
    private Path installed() throws IOException {
        Path repository = folder.resolve("repository");
        install(repository, "uk4j-parent", root);
        try (Stream<Path> folders = Files.list(root)) {
            for (Path module : folders.filter(f -> f.getFileName().toString().matches("bom|uk-.*"))
                    .toList()) {
                install(repository, module.getFileName().toString(), module);
            }
        }
        return repository;
    }

    private static void install(Path repository, String artifact, Path module) throws IOException {
        String version = "0.1.0-SNAPSHOT";
        Path target = Files.createDirectories(repository.resolve("io/uk4j/" + artifact + "/" + version));
        String name = artifact + "-" + version;
        Files.copy(module.resolve("pom.xml"), target.resolve(name + ".pom"), StandardCopyOption.REPLACE_EXISTING);
        Path jar = module.resolve("target/" + name + ".jar");
        if (Files.exists(jar)) {
            Files.copy(jar, target.resolve(name + ".jar"), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static Path userRepository() {
        return Path.of(System.getProperty("uk.test.repository"));
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(new ArrayList<>(command))
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), output);
        assertEquals(0, process.exitValue(), output);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
