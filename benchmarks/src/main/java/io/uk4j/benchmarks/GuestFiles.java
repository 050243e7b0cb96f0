package io.uk4j.benchmarks;

import io.uk4j.boot.BootImage;
import io.uk4j.boot.TreeEntry;
import io.uk4j.boot.TreeReader;
import io.uk4j.boot.TreeWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What the Linux guest of the boot benchmark has from our sealed image: its Java runtime, C library, jars and flags, byte by byte. */
final class GuestFiles {
    /** Of the image's jars, those that hello-http needs on sockets. */
    private static final List<String> JARS = List.of("uk-example-hello-http", "uk-core", "slf4j-api", "slf4j-simple");

    private static final String ARGUMENTS = "/uk/arguments";

    private GuestFiles() {}

    /**
     * Copies the files.
     *
     * @param root as the guest will see it
     * @return the jars among them, by the guest's paths
     */
    static List<String> copy(Path image, Path root) throws IOException {
        List<String> jars = new ArrayList<>();
        try (TreeReader tree = BootImage.openTree(image)) {
            for (TreeEntry entry : tree.entries()) {
                String path = entry.path();
                boolean jar = path.startsWith("/app/") && isWanted(path);
                if (jar) {
                    jars.add(path);
                }
                if (!entry.directory() && (jar || path.startsWith("/jre/") || path.startsWith("/lib"))) {
                    copy(tree, entry, root.resolve(path.substring(1)));
                }
            }
        }
        return jars;
    }

    /** Copies the Java runtime and the C library from an image into a tree. */
    static void copyRuntime(Path image, TreeWriter to) {
        try (TreeReader tree = BootImage.openTree(image)) {
            for (TreeEntry entry : tree.entries()) {
                String path = entry.path();
                if (path.equals("/jre") || path.startsWith("/jre/") || path.startsWith("/lib")) {
                    if (entry.directory()) {
                        to.directory(path, entry.permissions(), entry.modifiedSeconds());
                    } else {
                        to.file(path, entry.permissions(), entry.modifiedSeconds(), tree.read(path));
                    }
                }
            }
        }
    }

    /**
     * Makes a jar of a benchmark's own classes.
     *
     * @param classes by their paths, without the ending
     */
    static Path jar(Path folder, String name, List<String> classes) throws IOException {
        Path root = folder.resolve(name);
        for (String path : classes) {
            Path to = root.resolve(path + ".class");
            Files.createDirectories(to.getParent());
            try (InputStream from = GuestFiles.class.getResourceAsStream('/' + path + ".class")) {
                Files.copy(Objects.requireNonNull(from), to, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path jar = folder.resolve(name + ".jar");
        String tool = Path.of(System.getProperty("java.home"), "bin", "jar").toString();
        Command.run(tool, "--create", "--file", jar.toString(), "-C", root.toString(), ".");
        return jar;
    }

    private static void copy(TreeReader tree, TreeEntry entry, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        try (FileChannel channel = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            tree.copy(entry.path(), channel);
        }
        if (!to.toFile().setExecutable(true, false)) {
            throw new IOException(to + " cannot be made a program.");
        }
        Files.setLastModifiedTime(to, FileTime.fromMillis(entry.modifiedSeconds() * 1000));
    }

    /** The words that start the image's program, up to its class path, without what names its AOT cache. */
    static List<String> flags(Path image) {
        try (TreeReader tree = BootImage.openTree(image)) {
            List<String> words = new String(tree.read(ARGUMENTS), StandardCharsets.UTF_8)
                    .lines()
                    .takeWhile(word -> !word.equals("-cp"))
                    .filter(word -> !word.startsWith("-XX:AOT"))
                    .toList();
            return new ArrayList<>(words);
        }
    }

    /** Whether the name of a jar is one of these, followed by its version. */
    private static boolean isWanted(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return JARS.stream().anyMatch(artifact -> name.matches(artifact + "(-[0-9].*)?\\.jar"));
    }
}
