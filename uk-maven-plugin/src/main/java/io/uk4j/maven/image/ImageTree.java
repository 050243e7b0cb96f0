package io.uk4j.maven.image;

import io.uk4j.boot.TreeWriter;
import io.uk4j.maven.image.Manifest.Entry;
import io.uk4j.maven.image.Manifest.Part;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The file tree of an image while it is put together: which files, of which part, with the SHA-256 of each.
 *
 * <p>Thread rule: for one thread.
 */
final class ImageTree {
    private static final int PROGRAM = 0755;
    private static final int DATA = 0644;

    private final TreeWriter writer = new TreeWriter();
    private final Map<String, String> digests = new TreeMap<>();
    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final Map<String, Boolean> directories = new TreeMap<>();
    private final long seconds;

    /**
     * Starts a tree.
     *
     * @param time what all its files are dated
     */
    ImageTree(Instant time) {
        seconds = time.getEpochSecond();
        directory("/");
    }

    /** Makes sure that a directory and those above it are there. */
    void directory(String path) {
        if (directories.put(path, true) == null) {
            if (!path.equals("/")) {
                directory(path.lastIndexOf('/') == 0 ? "/" : path.substring(0, path.lastIndexOf('/')));
            }
            writer.directory(path, PROGRAM, seconds);
        }
    }

    /** Adds a file of this machine. Whether it is a program decides about its rights alone. */
    void add(Group group, String path, Path file, boolean program) throws IOException {
        place(group, path, Files.size(file), Digest.of(file));
        writer.file(path, program ? PROGRAM : DATA, seconds, file);
    }

    /** Adds bytes. */
    void add(Group group, String path, byte[] content) {
        place(group, path, content.length, Digest.of(content));
        writer.file(path, DATA, seconds, content);
    }

    /** Adds text. */
    void add(Group group, String path, String content) {
        add(group, path, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The parts so far, in the order in which they came. */
    List<Part> parts() {
        return groups.values().stream()
                .map(group ->
                        new Part(group.name, group.kind, group.version, group.licences, List.copyOf(group.entries)))
                .toList();
    }

    /**
     * Adds the list of all files, and writes the tree.
     *
     * @return the SHA-256 of that list, which is the seal of them all
     */
    String writeTo(Path file) throws IOException {
        StringBuilder list = new StringBuilder();
        digests.forEach(
                (path, digest) -> list.append(digest).append("  ").append(path).append('\n'));
        byte[] seal = list.toString().getBytes(StandardCharsets.UTF_8);
        directory("/uk");
        writer.file(Manifest.SEAL, DATA, seconds, seal);
        try (FileChannel to = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writer.writeTo(to);
        }
        return Digest.of(seal);
    }

    private void place(Group group, String path, long bytes, String digest) {
        groups.putIfAbsent(group.name, group);
        directory(path.substring(0, path.lastIndexOf('/')).isEmpty() ? "/" : path.substring(0, path.lastIndexOf('/')));
        if (digests.put(path, digest) != null) {
            throw new Problem(
                    ProblemCode.UK108,
                    group.name + " would put a second file at " + path + '.',
                    "A path is in an image once.",
                    "mvn dependency:tree, to see where both come from");
        }
        group.entries.add(new Entry(path, bytes, digest));
    }

    /** A part of the image, while its files are added. */
    static final class Group {
        private final String name;
        private final String kind;
        private final @Nullable String version;
        private final List<String> licences;
        private final List<Entry> entries = new ArrayList<>();

        Group(String name, String kind, @Nullable String version, List<String> licences) {
            this.name = name;
            this.kind = kind;
            this.version = version;
            this.licences = licences;
        }
    }
}
