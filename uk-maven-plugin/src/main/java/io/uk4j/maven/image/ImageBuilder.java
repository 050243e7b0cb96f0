package io.uk4j.maven.image;

import io.uk4j.boot.BootImage;
import io.uk4j.maven.image.Manifest.Entry;
import io.uk4j.maven.image.Manifest.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes an image: gathers what goes in once, then writes it as often as wanted, such as for recording a cache first.
 *
 * <p>Thread rule: for one thread.
 */
public final class ImageBuilder {
    /** How many steps {@link #gather} and {@link #write} tell of. */
    public static final int STEPS = 4;

    /** What HotSpot, its compilers and its threads take beside heap and image before an appliance does anything. */
    private static final long JVM_BYTES = 56L << 20;

    private final Contents contents;

    private ImageBuilder(Contents contents) {
        this.contents = contents;
    }

    /**
     * Finds out what goes in: modules, runtime, C library, main class.
     *
     * @param request what is wanted
     * @param work where what can be used again is kept
     * @param progress is told
     * @return a builder that can write
     * @throws io.uk4j.maven.problem.Problem if a user can mend what is missing
     * @throws IOException if reading or writing fails
     */
    public static ImageBuilder gather(ImageRequest request, Path work, Progress progress) throws IOException {
        List<Path> jars = request.jars().stream().map(Jar::file).toList();
        String mainClass = MainClass.find(jars.get(0), request.mainClass());
        List<String> modules = JavaModules.find(request.jdk(), jars, request.addModules());
        progress.done("jdeps: " + modules.size() + " modules of the JDK: " + String.join(", ", modules));
        Path runtime = JavaRuntime.link(request.jdk(), modules, work, request.time());
        progress.done("jlink: Java " + request.jdk().version() + " of " + modules.size() + " modules, "
                + Sizes.text(JavaRuntime.bytes(runtime)));
        SortedMap<String, Path> libraries = CLibrary.find(runtime);
        progress.done("C library: " + libraries.size() + " files of this system");
        return new ImageBuilder(new Contents(request, modules, runtime, libraries, mainClass));
    }

    /**
     * The manifest of the image without an AOT cache, which is not written for it: what its parts are, and how much memory it needs.
     *
     * @throws IOException if reading fails
     */
    public Manifest manifest() throws IOException {
        return plan(null).manifest();
    }

    /**
     * Writes the image.
     *
     * @param image the file of one piece; with {@code tree} the boot layer alone
     * @param tree null for an image of one piece, else where the file tree goes
     * @param cache an AOT cache of the JVM that was made in an image of the same contents; null for none
     * @return what was made
     * @throws IOException if reading or writing fails
     */
    public Built write(Path image, @Nullable Path tree, @Nullable Path cache) throws IOException {
        Plan plan = plan(cache);
        return new Built(image, tree, plan.manifest(), pack(plan.files(), image, tree, BootImage.bootLayer()));
    }

    /** An image that can be written. */
    private record Plan(ImageTree files, Manifest manifest) {}

    private Plan plan(@Nullable Path cache) throws IOException {
        ImageRequest request = contents.request();
        List<String> options = cache == null ? List.of() : List.of("-XX:AOTCache=" + Contents.AOT_CACHE);
        ImageTree files = new ImageTree(request.time());
        contents.addTo(files, cache == null);
        if (cache != null) {
            files.add(new ImageTree.Group("aot-cache", "aot-cache", null, List.of()), Contents.AOT_CACHE, cache, false);
        }
        List<String> command = contents.command(options);
        addCommand(files, command);
        byte[] boot = BootImage.bootLayer();
        List<Part> parts = new ArrayList<>(files.parts());
        parts.add(
                0,
                new Part(
                        "uk-boot",
                        "boot",
                        null,
                        List.of("Apache-2.0"),
                        List.of(new Entry("uk-boot.elf", boot.length, Digest.of(boot)))));
        long bytes = parts.stream()
                .flatMap(part -> part.files().stream())
                .mapToLong(Entry::bytes)
                .sum();
        Manifest manifest = new Manifest(
                Manifest.FORMAT,
                request.name(),
                request.version(),
                request.time().toString(),
                "kvm",
                contents.mainClass(),
                command,
                new TreeMap<>(request.environment()),
                new TreeMap<>(request.configuration()),
                new Manifest.Memory(request.heapBytes(), bytes + request.heapBytes() + JVM_BYTES),
                new Manifest.Java(request.jdk().version(), request.jdk().implementor(), contents.modules()),
                parts);
        byte[] json = manifest.toJson();
        files.add(new ImageTree.Group("manifest", "manifest", null, List.of()), Manifest.PATH, json);
        files.add(
                new ImageTree.Group("memory", "manifest", null, List.of()),
                "/uk/memory",
                manifest.memory().neededBytes() + "\n");
        return new Plan(files, manifest);
    }

    /**
     * Writes an image that makes something for an AOT cache: the same files at the same paths with the same dates, but no archive of classes.
     *
     * @param image the file that boots
     * @param options of the JVM that say what it is to make
     * @param configuration a file of an earlier run, to be found as {@value Contents#AOT_CONFIGURATION}; null for none
     * @throws IOException if reading or writing fails
     */
    public void writeTraining(Path image, List<String> options, @Nullable Path configuration) throws IOException {
        ImageTree files = new ImageTree(contents.request().time());
        contents.addTo(files, false);
        if (configuration != null) {
            files.add(
                    new ImageTree.Group("aot-configuration", "aot-cache", null, List.of()),
                    Contents.AOT_CONFIGURATION,
                    configuration,
                    false);
        }
        addCommand(files, contents.command(options));
        pack(files, image, null, BootImage.bootLayer());
    }

    /** One figure for all that an AOT cache depends on. */
    public String cacheKey() throws IOException {
        ImageTree files = new ImageTree(contents.request().time());
        contents.addTo(files, false);
        addCommand(files, contents.command(List.of()));
        return Digest.of(files.parts().toString() + Digest.of(BootImage.bootLayer()));
    }

    private void addCommand(ImageTree files, List<String> command) {
        var group = new ImageTree.Group("command", "configuration", null, List.of());
        files.add(group, "/uk/arguments", String.join("\n", command) + '\n');
        StringBuilder environment = new StringBuilder();
        for (Map.Entry<String, String> variable :
                new TreeMap<>(contents.request().environment()).entrySet()) {
            environment
                    .append(variable.getKey())
                    .append('=')
                    .append(variable.getValue())
                    .append('\n');
        }
        files.add(group, "/uk/environment", environment.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String pack(ImageTree files, Path image, @Nullable Path tree, byte[] boot) throws IOException {
        Files.createDirectories(image.toAbsolutePath().getParent());
        if (tree != null) {
            Files.write(image, boot);
            return files.writeTo(tree);
        }
        Path whole = image.resolveSibling(image.getFileName() + ".tree");
        try {
            String seal = files.writeTo(whole);
            BootImage.write(whole, image);
            return seal;
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    /**
     * What was made.
     *
     * @param image the file that boots
     * @param tree the file tree, if it is a file of its own
     * @param manifest what is in it
     * @param seal SHA-256 of the list of all files, for {@code uk.verify=sha256:}
     */
    public record Built(Path image, @Nullable Path tree, Manifest manifest, String seal) {}
}
