package io.uk4j.system;

import io.uk4j.boot.TreeWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** What an image has in it: a Java runtime of a few modules, the C library, and jars, on the kvm platform. */
final class SealedTree {
    private static final String MODULES = "java.base,java.logging,java.management,jdk.jfr,jdk.unsupported";
    private static final Set<String> HOSTED = Set.of("uk-platform-unix", "uk-gateway", "uk-vhost-user");
    private static final List<String> C_LIBRARY =
            List.of("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1");

    private SealedTree() {}

    /** Writes the boot layer to a file. */
    static Path kernel(Path folder) throws IOException {
        Path kernel = folder.resolve("uk-boot.elf");
        try (InputStream from = Objects.requireNonNull(TreeWriter.class.getResourceAsStream("uk-boot.elf"))) {
            Files.copy(from, kernel);
        }
        return kernel;
    }

    /** Writes a tree with hello-http to a file. */
    static Path helloHttp(Path folder) throws IOException {
        return write(
                folder.resolve("hello.img"),
                runtime(folder),
                jars(),
                List.of("io.uk4j.example.hellohttp.HelloHttp", "@boot"));
    }

    /** Writes a tree with the key-value store. */
    static Path keyValue(Path folder) throws IOException {
        return write(
                folder.resolve("key-value.img"),
                runtime(folder),
                jars("key-value"),
                List.of("io.uk4j.example.keyvalue.KeyValue", "@boot"));
    }

    /** Writes a tree with hello-http that JFR records. */
    static Path recordedHelloHttp(Path folder) throws IOException {
        return write(
                folder.resolve("recorded.img"),
                runtime(folder),
                jars(),
                List.of("-XX:StartFlightRecording", "io.uk4j.example.hellohttp.HelloHttp", "@boot"));
    }

    /** Writes a tree with a program of these tests, on the kvm platform. */
    static Path program(Path folder, Class<?> main) throws IOException {
        List<Path> classPath = new ArrayList<>(jars());
        classPath.add(Path.of("target", "test-classes").toAbsolutePath());
        return write(
                folder.resolve(main.getSimpleName() + ".img"), runtime(folder), classPath, List.of(main.getName()));
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
                    || name.matches("(junit|opentest4j|apiguardian|uk-testkit|uk-platform-sim).*\\.jar")) {
                classPath.add(path);
            } else if (name.equals("classes") && entry.matches(".*/(uk-testkit|uk-platform-sim)/target/classes")) {
                classPath.add(path);
            }
        }
        List<String> command = List.of(
                "org.junit.platform.console.ConsoleLauncher",
                "execute",
                "--disable-banner",
                "--disable-ansi-colors",
                "--details=tree",
                "--include-classname=.*",
                "--exclude-methodname=" + exclude,
                "--select-class=" + tests.getName());
        return write(folder.resolve(tests.getSimpleName() + ".img"), runtime(folder), classPath, command);
    }

    private static Path runtime(Path folder) throws IOException {
        Path runtime = folder.resolve("jre");
        if (Files.exists(runtime)) {
            return runtime;
        }
        StringWriter said = new StringWriter();
        int status = ToolProvider.findFirst("jlink")
                .orElseThrow()
                .run(
                        new PrintWriter(said),
                        new PrintWriter(said),
                        "--add-modules",
                        MODULES,
                        "--no-man-pages",
                        "--no-header-files",
                        "--generate-cds-archive",
                        "--output",
                        runtime.toString());
        if (status != 0) {
            throw new IOException("jlink failed: " + said);
        }
        return runtime;
    }

    private static Path write(Path image, Path runtime, List<Path> classPath, List<String> command) throws IOException {
        TreeWriter tree = new TreeWriter();
        for (String directory : List.of("/", "/tmp", "/uk", "/app", "/lib", "/lib/x86_64-linux-gnu", "/lib64")) {
            tree.directory(directory, 0755, 0);
        }
        addAll(tree, runtime, "/jre");
        for (String library : C_LIBRARY) {
            Path file = Path.of("/lib/x86_64-linux-gnu", library);
            if (Files.exists(file)) {
                tree.file(file.toString(), 0755, 0, file.toRealPath());
            }
        }
        tree.file(
                "/lib64/ld-linux-x86-64.so.2",
                0755,
                0,
                Path.of("/lib64/ld-linux-x86-64.so.2").toRealPath());
        List<String> paths = new ArrayList<>();
        for (Path entry : classPath) {
            String path = "/app/" + (Files.isDirectory(entry) ? "classes" + paths.size() : entry.getFileName());
            paths.add(path);
            if (Files.isDirectory(entry)) {
                addAll(tree, entry, path);
            } else {
                tree.file(path, 0644, 0, entry);
            }
        }
        List<String> arguments = new ArrayList<>(List.of(
                "/jre/bin/java",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:ArchiveRelocationMode=0",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp",
                String.join(":", paths)));
        arguments.addAll(command);
        tree.file("/uk/arguments", 0644, 0, (String.join("\n", arguments) + "\n").getBytes(StandardCharsets.UTF_8));
        try (FileChannel to = FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            tree.writeTo(to);
        }
        return image;
    }

    private static void addAll(TreeWriter tree, Path folder, String as) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String path = file.equals(folder) ? as : as + '/' + folder.relativize(file);
                if (Files.isDirectory(file)) {
                    tree.directory(path, 0755, 0);
                } else {
                    // The runtime checks that its files are as old as its archive of classes says.
                    tree.file(path, 0755, Files.getLastModifiedTime(file).toMillis() / 1000, file);
                }
            }
        }
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
