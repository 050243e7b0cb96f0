package io.uk4j.maven;

import io.uk4j.boot.BootImage;
import io.uk4j.boot.TreeException;
import io.uk4j.boot.TreeReader;
import io.uk4j.maven.image.Digest;
import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Whether an image is the one that its manifest tells of: each file of it by SHA-256. */
final class Verification {
    private Verification() {}

    /**
     * Checks an image.
     *
     * @throws Problem that names the part if one is not as it should be
     */
    static Checked check(Outputs outputs) throws IOException {
        Path image = outputs.image();
        Path separate = outputs.tree();
        try (TreeReader tree = Files.exists(separate) ? TreeReader.open(separate) : BootImage.openTree(image)) {
            Manifest manifest = Manifest.parse(tree.read(Manifest.PATH));
            for (Manifest.Part part : manifest.parts()) {
                for (Manifest.Entry entry : part.files()) {
                    String digest = part.kind().equals("boot")
                            ? Digest.of(BootImage.bootLayerOf(image))
                            : digest(tree, entry.path());
                    if (!digest.equals(entry.sha256())) {
                        throw damaged(
                                image,
                                part.name() + ": " + entry.path() + " has SHA-256 " + digest + ", not "
                                        + entry.sha256());
                    }
                }
            }
            if (!Arrays.equals(manifest.toJson(), Files.readAllBytes(outputs.manifest()))) {
                throw damaged(image, outputs.manifest() + " is not the manifest in the image");
            }
            return new Checked(manifest, Digest.of(tree.read(Manifest.SEAL)));
        } catch (TreeException | IllegalArgumentException e) {
            throw damaged(image, String.valueOf(e.getMessage()));
        }
    }

    /**
     * An image that is as it should be.
     *
     * @param manifest in it
     * @param seal SHA-256 of the list of its files
     */
    record Checked(Manifest manifest, String seal) {}

    private static String digest(TreeReader tree, String path) {
        Digest digest = new Digest();
        try (OutputStream sink = new OutputStream() {
            @Override
            public void write(int b) {
                digest.add(new byte[] {(byte) b}, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int count) {
                byte[] part = offset == 0 ? bytes : Arrays.copyOfRange(bytes, offset, offset + count);
                digest.add(part, count);
            }
        }) {
            tree.copy(path, Channels.newChannel(sink));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return digest.end();
    }

    private static Problem damaged(Path image, String how) {
        return new Problem(
                ProblemCode.UK109,
                image + " is damaged: " + how + '.',
                "Each file of an image has to be as its manifest says.",
                "mvn clean package");
    }
}
