package io.uk4j.boot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Makes one file that boots: the boot layer, which is an ELF file for x86-64, with a file tree as a segment of its own. Whoever loads
 * the file puts the tree into memory, where it is used in place; a note in the boot layer says where that is.
 *
 * <p>The same boot layer and tree give the same bytes.
 *
 * <p>Thread rule: shared, without state.
 */
public final class BootImage {
    private static final int HEAD_LIMIT = 16 << 20;
    private static final int PROGRAM = 0755;
    private static final int DATA = 0644;

    private BootImage() {}

    /**
     * The boot layer that belongs to this class: an ELF file, to be booted with a tree as its module.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static byte[] bootLayer() {
        return resource("uk-boot.elf");
    }

    private static byte[] resource(String name) {
        try (InputStream from = BootImage.class.getResourceAsStream(name)) {
            if (from == null) {
                throw new IllegalStateException("The jar of uk-boot has no " + name + ": it was built in part only.");
            }
            return from.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes an image.
     *
     * @param tree a tree, as {@link TreeWriter} makes it; not checked
     * @param image the file to be made; one that is there is overwritten
     * @throws UncheckedIOException if one cannot be read or the other not be written
     */
    public static void write(Path tree, Path image) {
        try (FileChannel from = FileChannel.open(tree, StandardOpenOption.READ);
                FileChannel to = FileChannel.open(
                        image,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            byte[] boot = bootLayer();
            long offset = BootElf.alignUp(boot.length, BootElf.PAGE);
            long bytes = Files.size(tree);
            ByteBuffer head = ByteBuffer.allocate((int) offset);
            head.put(0, new BootElf(boot).place(offset, bytes));
            while (head.hasRemaining()) {
                to.write(head);
            }
            for (long at = 0; at < bytes; ) {
                at += from.transferTo(at, bytes - at, to);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Opens the tree of an image of one file.
     *
     * @param image the file
     * @return a reader, to be closed
     * @throws IllegalArgumentException if it is no image, or has no tree in it
     * @throws TreeException if the tree is damaged
     * @throws UncheckedIOException if it cannot be read
     */
    public static TreeReader openTree(Path image) {
        return TreeReader.open(image, new BootElf(head(image)).treeOffset());
    }

    /**
     * The boot layer of an image, as it was before a tree was put into the file: of the same version, the bytes of {@link #bootLayer}.
     *
     * @param image a file of one piece, or a boot layer alone
     * @throws IllegalArgumentException if it is no image
     * @throws UncheckedIOException if it cannot be read
     */
    public static byte[] bootLayerOf(Path image) {
        return new BootElf(head(image)).withoutTree();
    }

    /**
     * Writes the smallest image: it says hello and powers off. It shows whether a machine boots images at all, in some 150 KB.
     *
     * @param image the file to be made; one that is there is overwritten
     * @throws UncheckedIOException if it cannot be written
     */
    public static void writeHello(Path image) {
        Path tree = image.resolveSibling(image.getFileName() + ".tree");
        try {
            try (FileChannel to = FileChannel.open(
                    tree, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                new TreeWriter()
                        .directory("/", PROGRAM, 0)
                        .directory("/tmp", PROGRAM, 0)
                        .directory("/uk", PROGRAM, 0)
                        .file("/hello", PROGRAM, 0, resource("hello.elf"))
                        .file("/uk/arguments", DATA, 0, "/hello\n".getBytes(StandardCharsets.UTF_8))
                        .writeTo(to);
            }
            write(tree, image);
            Files.delete(tree);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] head(Path image) {
        try (InputStream from = Files.newInputStream(image)) {
            return from.readNBytes(HEAD_LIMIT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
