package io.uk4j.benchmarks;

import io.uk4j.boot.BootImage;
import io.uk4j.boot.TreeWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Makes the sealed images that are measured: one file each. */
final class SealedGuest {
    private static final String WORDS = "uk.net.device=virtio:0 uk.net.ipv4=10.0.2.15/24 uk.net.gateway=10.0.2.2";

    private SealedGuest() {}

    /** The image of hello-http, as the plugin has made it. */
    static BootMachine.Guest of(Path image) {
        requireReadable(image);
        return new BootMachine.Guest("uk4j", image, null, WORDS);
    }

    private static void requireReadable(Path image) {
        if (!Files.isReadable(image)) {
            throw new BenchmarkException(image + " cannot be read.\nTry: ./uk image hello-http");
        }
    }

    /** One static program and nothing else. */
    static BootMachine.Guest program(Path folder, Path program) {
        TreeWriter tree = base();
        addFile(tree, program, "/program");
        return image(tree, List.of("/program"), folder.resolve("program.uk.img"), "");
    }

    /** {@link ParallelWork} on the runtime of another image. */
    static BootMachine.Guest parallelWork(Path folder, Path image) {
        requireReadable(image);
        TreeWriter tree = base();
        tree.directory("/app", 0755, 0);
        GuestFiles.copyRuntime(image, tree);
        try {
            addFile(tree, GuestFiles.jar(folder, "work", List.of("io/uk4j/benchmarks/ParallelWork")), "/app/work.jar");
        } catch (IOException e) {
            throw new UncheckedIOException("The jar of the work could not be made.", e);
        }
        List<String> command = GuestFiles.flags(image);
        // A compiler at work on another processor is not what is measured.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", "/app/work.jar", ParallelWork.class.getName()));
        return image(tree, command, folder.resolve("work.uk.img"), "");
    }

    private static TreeWriter base() {
        TreeWriter tree = new TreeWriter();
        for (String directory : List.of("/", "/tmp", "/uk")) {
            tree.directory(directory, 0755, 0);
        }
        return tree;
    }

    private static BootMachine.Guest image(TreeWriter tree, List<String> command, Path image, String words) {
        tree.file("/uk/arguments", 0644, 0, (String.join("\n", command) + "\n").getBytes(StandardCharsets.UTF_8));
        Path file = image.resolveSibling("tree");
        try {
            try (FileChannel to = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                tree.writeTo(to);
            }
            Files.deleteIfExists(image);
            BootImage.write(file, image);
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException("The image could not be made.", e);
        }
        return new BootMachine.Guest("uk4j", image, null, words);
    }

    private static void addFile(TreeWriter tree, Path file, String as) {
        try {
            Path real = file.toRealPath();
            tree.file(as, 0755, Files.getLastModifiedTime(real).toMillis() / 1000, real);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
