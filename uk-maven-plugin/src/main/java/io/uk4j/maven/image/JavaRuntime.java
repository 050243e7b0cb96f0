package io.uk4j.maven.image;

import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The Java runtime of an image: jlink's output, kept by what went into it. */
final class JavaRuntime {
    /** The archive of classes that a runtime starts from when there is no AOT cache, and that belongs to it. */
    static final String ARCHIVE = "lib/server/classes.jsa";

    private JavaRuntime() {}

    /**
     * Links a runtime, or takes the one that was linked before from the same.
     *
     * @param cache where runtimes are kept
     * @param time what its files are dated, which its archive of classes must agree with
     * @return its folder
     */
    static Path link(Jdk jdk, List<String> modules, Path cache, Instant time) throws IOException {
        String key = Digest.of(String.join("\n", modules)
                + '\n'
                + time
                + '\n'
                + Files.readString(jdk.home().resolve("release")));
        Path runtime = cache.resolve("jre-" + key.substring(0, 16));
        if (Files.exists(runtime)) {
            return runtime;
        }
        Files.createDirectories(cache);
        Path scratch = Files.createTempDirectory(cache, "jlink");
        Path made = scratch.resolve("jre");
        List<String> command = new ArrayList<>(List.of(jdk.tool("jlink"), "--add-modules", String.join(",", modules)));
        command.addAll(List.of("--no-man-pages", "--no-header-files", "--output", made.toString()));
        Tool.run(ProblemCode.UK105, command);
        date(made, time);
        Tool.run(
                ProblemCode.UK105,
                List.of(
                        made.resolve("bin/java").toString(),
                        "-Xshare:dump",
                        "-XX:+UseSerialGC",
                        "-XX:SharedArchiveFile=" + made.resolve(ARCHIVE)));
        date(made, time);
        // Whoever is first wins; what another build made meanwhile is the same.
        try {
            Files.move(made, runtime, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.exists(runtime)) {
                throw e;
            }
        }
        delete(scratch);
        return runtime;
    }

    /** How large a runtime is. */
    static long bytes(Path runtime) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(runtime)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    private static void date(Path folder, Instant time) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.setLastModifiedTime(file, FileTime.from(time));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        }
    }
}
