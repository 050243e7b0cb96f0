package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A user's project outside of this build: the README's pom and its one class. It sees our artifacts as if they were installed. */
final class UserProject {
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final String JUNIT = """
                <dependency>
                  <groupId>org.junit.jupiter</groupId>
                  <artifactId>junit-jupiter</artifactId>
                  <version>5.14.4</version>
                  <scope>test</scope>
                </dependency>
            """;

    private final Path root = Path.of("..").toAbsolutePath().normalize();
    private final Path folder;
    private final Path repository;

    /**
     * Makes it.
     *
     * @param folder where it goes; what a repository of our artifacts needs goes beside it
     */
    UserProject(Path folder) throws IOException {
        this.folder = folder;
        this.repository = folder.resolveSibling("repository");
        String readme = Files.readString(root.resolve("README.md"));
        Path source = folder.resolve("src/main/java/Hello.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, block(readme, "java"));
        Files.writeString(folder.resolve("pom.xml"), block(readme, "xml"));
        install();
    }

    /** The same with tests by JUnit, more in its pom before the end of the project, and further sources. */
    UserProject(Path folder, String pom, Map<String, String> sources) throws IOException {
        this(folder);
        Path file = folder.resolve("pom.xml");
        String plain = Files.readString(file);
        int end = plain.lastIndexOf("  </dependencies>");
        Files.writeString(
                file, plain.substring(0, end) + JUNIT + plain.substring(end).replace("</project>", pom + "</project>"));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path path = folder.resolve(source.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, source.getValue());
        }
    }

    /** Takes the Java runtimes that another project has linked, as linking takes long. */
    void takeRuntimes(UserProject from) throws IOException {
        Path work = Files.createDirectories(file("target/uk"));
        try (Stream<Path> made = Files.list(from.file("target/uk"))) {
            for (Path runtime : made.filter(
                            path -> path.getFileName().toString().startsWith("jre-"))
                    .toList()) {
                Command.run("cp", "-a", runtime.toString(), work.toString()).succeeded();
            }
        }
    }

    /** A file of it. */
    Path file(String name) {
        return folder.resolve(name);
    }

    /** Runs Maven in it. */
    Command maven(String... arguments) {
        return Command.run(LIMIT, line(arguments));
    }

    /** Starts Maven in it; its output goes to a file of the project. */
    Process start(String output, String... arguments) throws IOException {
        return new ProcessBuilder(line(arguments))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(output).toFile())
                .start();
    }

    /** A goal of the plugin, as one calls it without having it in the pom. */
    static String goal(String name) {
        return "io.uk4j:uk-maven-plugin:" + VERSION + ':' + name;
    }

    private List<String> line(String... arguments) {
        List<String> line = new ArrayList<>(List.of(
                "env",
                "JAVA_HOME=" + System.getProperty("java.home"),
                root.resolve("mvnw").toString(),
                "-B",
                "-ntp",
                "-f",
                folder.resolve("pom.xml").toString(),
                // Our artifacts as if installed, before what the user's repository holds.
                "-Dmaven.repo.local=" + repository,
                "-Dmaven.repo.local.tail=" + System.getProperty("uk.test.repository")));
        line.addAll(List.of(arguments));
        return line;
    }

    /** The README's block of a language. */
    static String block(String readme, String language) {
        Matcher block =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(block.find(), "There is no block of " + language + " in the README.");
        return block.group(1);
    }

    /** Lays a repository with this build's artifacts out as installing them would. */
    private void install() throws IOException {
        install("uk4j-parent", root);
        try (Stream<Path> folders = Files.list(root)) {
            for (Path module : folders.filter(f -> f.getFileName().toString().matches("bom|uk-.*"))
                    .toList()) {
                install(module.getFileName().toString(), module);
            }
        }
    }

    private void install(String artifact, Path module) throws IOException {
        Path target = Files.createDirectories(repository.resolve("io/uk4j/" + artifact + "/" + VERSION));
        String name = artifact + "-" + VERSION;
        Files.copy(module.resolve("pom.xml"), target.resolve(name + ".pom"), StandardCopyOption.REPLACE_EXISTING);
        Path jar = module.resolve("target/" + name + ".jar");
        if (Files.exists(jar)) {
            Files.copy(jar, target.resolve(name + ".jar"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
