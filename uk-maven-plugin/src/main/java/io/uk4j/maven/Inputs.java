package io.uk4j.maven;

import io.uk4j.boot.BootImage;
import io.uk4j.maven.image.Digest;
import io.uk4j.maven.image.ImageRequest;
import io.uk4j.maven.image.Jar;
import io.uk4j.maven.image.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/** Whether an image is current: by what it is made of, not by times. */
final class Inputs {
    private static final Path C_LIBRARY = Path.of("/lib64/ld-linux-x86-64.so.2");

    private Inputs() {}

    /** One figure for all that an image is made of. */
    static String digest(ImageRequest request, boolean separate, String cache, String plugin) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Jar jar : request.jars()) {
            text.append(jar.coordinates())
                    .append(' ')
                    .append(Digest.of(jar.file()))
                    .append(' ')
                    .append(jar.licences())
                    .append('\n');
        }
        text.append(request.mainClass()).append('\n');
        text.append(request.jvmArguments()).append(request.arguments()).append('\n');
        text.append(new TreeMap<>(request.environment()))
                .append(new TreeMap<>(request.systemProperties()))
                .append('\n');
        text.append(new TreeMap<>(request.configuration()))
                .append(request.addModules())
                .append('\n');
        text.append(request.heapBytes())
                .append(' ')
                .append(request.time())
                .append(' ')
                .append(separate)
                .append('\n');
        text.append(Files.readString(request.jdk().home().resolve("release")));
        text.append(Digest.of(BootImage.bootLayer())).append('\n');
        text.append(cache).append('\n').append(plugin).append('\n');
        text.append(Files.exists(C_LIBRARY) ? Digest.of(C_LIBRARY) : "no C library")
                .append('\n');
        return Digest.of(text.toString());
    }

    /** Whether what is there was made of this, and is as it was made. */
    static boolean current(Outputs outputs, String inputs, boolean separate) throws IOException {
        return Files.exists(outputs.inputs())
                && Files.exists(outputs.digests())
                && Files.exists(outputs.image())
                && (!separate || Files.exists(outputs.tree()))
                && Files.exists(outputs.manifest())
                && Files.exists(outputs.bill())
                && Files.readString(outputs.inputs()).equals(inputs)
                && Files.readString(outputs.digests()).equals(digests(outputs, separate))
                && isManifest(outputs.manifest());
    }

    private static boolean isManifest(Path file) throws IOException {
        try {
            Manifest.parse(Files.readAllBytes(file));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The files that boot, as sha256sum lists them. */
    static String digests(Outputs outputs, boolean separate) throws IOException {
        String image = line(outputs.image());
        return separate ? image + line(outputs.tree()) : image;
    }

    private static String line(Path file) throws IOException {
        return Digest.of(file) + "  " + file.getFileName() + '\n';
    }
}
