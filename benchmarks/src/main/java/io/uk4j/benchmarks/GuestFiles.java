package io.uk4j.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** What both guests of the boot benchmark have in them: the same Java runtime, C library and flags. */
final class GuestFiles {
    /** What hello-http and our platform need, as jdeps tells; hello-http on sockets needs no more. */
    private static final String MODULES = "java.base,java.logging,jdk.unsupported";

    private static final Path LIBRARIES = Path.of("/lib/x86_64-linux-gnu");
    private static final List<String> C_LIBRARY =
            List.of("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1");

    private GuestFiles() {}

    /** Makes the runtime in a folder. */
    static Path runtime(Path folder) {
        StringWriter said = new StringWriter();
        int status = ToolProvider.findFirst("jlink")
                .orElseThrow(() -> new BenchmarkException("This Java has no jlink: it takes a JDK."))
                .run(
                        new PrintWriter(said),
                        new PrintWriter(said),
                        "--add-modules",
                        MODULES,
                        "--no-man-pages",
                        "--no-header-files",
                        "--output",
                        folder.toString());
        if (status != 0) {
            throw new BenchmarkException("jlink failed: " + said);
        }
        Command.run(
                folder.resolve("bin/java").toString(),
                "-Xshare:dump",
                "-XX:+UseSerialGC",
                "-XX:SharedArchiveFile=" + folder.resolve("lib/server/classes.jsa"));
        return folder;
    }

    /** Files of the C library, by the absolute paths where programs look for them. */
    static List<Path> cLibrary() {
        List<Path> files = new ArrayList<>(
                C_LIBRARY.stream().map(LIBRARIES::resolve).filter(Files::exists).toList());
        files.add(Path.of("/lib64/ld-linux-x86-64.so.2"));
        return files;
    }

    /** The words that start a program: the same flags in both guests. */
    static List<String> command(List<String> classPath, List<String> program) {
        List<String> words = new ArrayList<>(List.of(
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
                String.join(":", classPath)));
        words.addAll(program);
        return words;
    }

    /** The example's jar and its libraries. */
    static List<Path> helloHttp(Path examples) {
        Path target = examples.resolve("hello-http/target");
        List<Path> jars = new ArrayList<>(List.of(target.resolve("uk-example-hello-http.jar")));
        try (Stream<Path> libraries = Files.list(target.resolve("lib"))) {
            libraries.sorted().forEach(jars::add);
        } catch (IOException e) {
            throw new UncheckedIOException("hello-http is not built.", e);
        }
        return jars;
    }

    /** The name of a jar begins with one of these, and then comes its version. */
    static boolean isOneOf(Path jar, List<String> artifacts) {
        String name = jar.getFileName().toString();
        return artifacts.stream().anyMatch(artifact -> name.matches(artifact + "(-[0-9].*)?\\.jar"));
    }
}
