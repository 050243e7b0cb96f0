package io.uk4j.system;

import io.uk4j.boot.BootImage;
import io.uk4j.maven.image.ImageBuilder;
import io.uk4j.maven.image.ImageRequest;
import io.uk4j.maven.image.Jar;
import io.uk4j.maven.image.Jdk;
import io.uk4j.maven.image.Progress;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** File trees of images, as the Maven plugin makes them, of the examples and of programs of these tests, on the kvm platform. */
final class SealedTree {
    /** What any of them needs, so that all have one runtime, which is linked once. */
    private static final List<String> MODULES = List.of(
            "java.base",
            "java.logging",
            "java.management",
            "java.net.http",
            "java.sql",
            "java.transaction.xa",
            "java.xml",
            "jdk.jfr",
            "jdk.unsupported");

    private static final Set<String> HOSTED = Set.of("uk-platform-unix", "uk-gateway", "uk-vhost-user");
    private static final Path WORK = Path.of("target", "sealed");
    private static final long HEAP_BYTES = 64L << 20;
    private static final Progress NOBODY = new Progress() {
        @Override
        public void begins(String what) {}

        @Override
        public void done(String what) {}
    };

    private SealedTree() {}

    /** Writes the boot layer to a file. */
    static Path kernel(Path folder) throws IOException {
        return Files.write(folder.resolve("uk-boot.elf"), BootImage.bootLayer());
    }

    /** Writes a tree with hello-http to a file. */
    static Path helloHttp(Path folder) throws IOException {
        return write(folder, "hello", jars(), "io.uk4j.example.hellohttp.HelloHttp", List.of(), List.of());
    }

    /** Writes a tree with the key-value store. */
    static Path keyValue(Path folder) throws IOException {
        return write(folder, "key-value", jars("key-value"), "io.uk4j.example.keyvalue.KeyValue", List.of(), List.of());
    }

    /** Writes a tree with hello-http that JFR records. */
    static Path recordedHelloHttp(Path folder) throws IOException {
        return write(
                folder,
                "recorded",
                jars(),
                "io.uk4j.example.hellohttp.HelloHttp",
                List.of("-XX:StartFlightRecording"),
                List.of());
    }

    /** Writes a tree with a program of these tests, on the kvm platform. */
    static Path program(Path folder, Class<?> main) throws IOException {
        List<Path> classPath = new ArrayList<>(jars());
        classPath.add(Path.of("target", "test-classes"));
        return write(folder, main.getSimpleName(), classPath, main.getName(), List.of(), List.of());
    }

    /** Writes a tree with JUnit, these tests and the kvm platform, which runs one test class. */
    static Path junit(Path folder, Class<?> tests) throws IOException {
        return junit(folder, tests, "none");
    }

    /** The same without the methods whose names match: class, a number sign, method. */
    static Path junit(Path folder, Class<?> tests, String exclude) throws IOException {
        List<Path> classPath = new ArrayList<>(jars());
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            String name = path.getFileName().toString();
            if (name.equals("test-classes")
                    || name.matches("(junit|opentest4j|open-test|apiguardian|uk-testkit|uk-platform-sim).*\\.jar")) {
                classPath.add(path);
            } else if (name.equals("classes") && entry.matches(".*/(uk-testkit|uk-platform-sim)/target/classes")) {
                classPath.add(path);
            }
        }
        List<String> arguments = List.of(
                "execute",
                "--disable-banner",
                "--disable-ansi-colors",
                "--details=tree",
                "--include-classname=.*",
                "--exclude-methodname=" + exclude,
                "--select-class=" + tests.getName());
        return write(
                folder,
                tests.getSimpleName(),
                classPath,
                "org.junit.platform.console.ConsoleLauncher",
                List.of(),
                arguments);
    }

    private static Path write(
            Path folder,
            String name,
            List<Path> classPath,
            String main,
            List<String> jvmArguments,
            List<String> arguments)
            throws IOException {
        List<Jar> jars = new ArrayList<>();
        for (Path entry : classPath) {
            Path file =
                    Files.isDirectory(entry) ? jarOf(entry, folder.resolve("classes" + jars.size() + ".jar")) : entry;
            jars.add(new Jar("tests", String.valueOf(file.getFileName()), "1", file, List.of()));
        }
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
        options.addAll(jvmArguments);
        ImageRequest request = new ImageRequest(
                name,
                "1",
                jars,
                main,
                options,
                arguments,
                Map.of(),
                Map.of(),
                Map.of(),
                MODULES,
                HEAP_BYTES,
                Jdk.find(List.of(Path.of(System.getProperty("java.home")))),
                Instant.parse("2026-01-01T00:00:00Z"));
        Path tree = folder.resolve(name + ".img");
        ImageBuilder.gather(request, WORK.toAbsolutePath(), NOBODY).write(folder.resolve(name + ".elf"), tree, null);
        return tree;
    }

    private static Path jarOf(Path classes, Path jar) throws IOException {
        try (Stream<Path> files = Files.walk(classes);
                JarOutputStream to = new JarOutputStream(Files.newOutputStream(jar))) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                to.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, to);
            }
        }
        return jar;
    }

    private static List<Path> jars() throws IOException {
        return jars("hello-http");
    }

    private static List<Path> jars(String example) throws IOException {
        Path root = Path.of("..").toAbsolutePath().normalize();
        List<Path> jars = new ArrayList<>();
        jars.add(root.resolve("examples/" + example + "/target/uk-example-" + example + ".jar"));
        try (Stream<Path> libraries = Files.list(root.resolve("examples/" + example + "/target/lib"))) {
            libraries
                    .filter(jar -> HOSTED.stream()
                            .noneMatch(name -> jar.getFileName().toString().startsWith(name + '-')))
                    .sorted()
                    .forEach(jars::add);
        }
        try (Stream<Path> built = Files.list(root.resolve("uk-platform-kvm/target"))) {
            jars.add(
                    built.filter(file -> file.getFileName().toString().matches("uk-platform-kvm-[0-9].*[0-9A-Z]\\.jar"))
                            .filter(file -> !file.toString().contains("-sources"))
                            .findFirst()
                            .orElseThrow());
        }
        return jars;
    }
}
