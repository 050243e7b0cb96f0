package io.uk4j.boot;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a sealed file tree. Files and directories are added in any order; the same ones give the same bytes.
 *
 * <p>Contents are read when the tree is written, and each file twice: the checksums stand before the data. It is never whole in memory; what is
 * kept is 4 bytes for each 4 KiB of it, beside paths and what was given as bytes.
 *
 * <p>Thread rule: for one thread at a time.
 */
public final class TreeWriter {
    private static final int BUFFER_PAGES = 64;

    private final Map<String, Source> sources = new HashMap<>();

    /** Makes a writer of an empty tree, which has not even a root yet. */
    public TreeWriter() {}

    /**
     * Adds a directory. Each directory that an entry is in is to be added, the root included.
     *
     * @param path where, from the root on: {@code "/"}, or parts with a slash before each, of at most 255 bytes of UTF-8 each and 1024 in all
     * @param permissions the nine bits of {@code rwxrwxrwx}
     * @param modifiedSeconds when it was last modified, in seconds since 1970, UTC
     * @return this
     * @throws IllegalArgumentException if the path or the permissions cannot be, or the path was added before
     */
    public TreeWriter directory(String path, int permissions, long modifiedSeconds) {
        return add(path, true, permissions, modifiedSeconds, null);
    }

    /**
     * Adds a file out of one of this machine, which is read when the tree is written.
     *
     * @param path where, as for {@link #directory}
     * @param permissions the nine bits of {@code rwxrwxrwx}
     * @param modifiedSeconds when it was last modified, in seconds since 1970, UTC
     * @param content the file with the bytes
     * @return this
     * @throws IllegalArgumentException if the path or the permissions cannot be, or the path was added before
     */
    public TreeWriter file(String path, int permissions, long modifiedSeconds, Path content) {
        return add(path, false, permissions, modifiedSeconds, () -> Files.newByteChannel(content));
    }

    /**
     * Adds a file with bytes.
     *
     * @param path where, as for {@link #directory}
     * @param permissions the nine bits of {@code rwxrwxrwx}
     * @param modifiedSeconds when it was last modified, in seconds since 1970, UTC
     * @param content its bytes, which are copied
     * @return this
     * @throws IllegalArgumentException if the path or the permissions cannot be, or the path was added before
     */
    public TreeWriter file(String path, int permissions, long modifiedSeconds, byte[] content) {
        byte[] copy = content.clone();
        return add(
                path, false, permissions, modifiedSeconds, () -> Channels.newChannel(new ByteArrayInputStream(copy)));
    }

    /**
     * Writes the tree, from its first byte to its last, in order. The writer can be used again.
     *
     * @param to where to; it stays open
     * @return how many bytes the tree has, a multiple of 4096
     * @throws TreeException if the directory of an entry was not added, the tree is too large, or a file changed meanwhile
     * @throws UncheckedIOException if reading or writing fails
     */
    public long writeTo(WritableByteChannel to) {
        List<Source> sorted = sources.values().stream().sorted().toList();
        checkDirectories(sorted);
        try {
            Checksums checksums = new Checksums();
            for (Source source : sorted) {
                source.firstPage = checksums.count;
                source.size = read(source, checksums::add);
            }
            ByteBuffer index = index(sorted, checksums);
            TreeHeader header = layOut(sorted, checksums).withIndexChecksum(TreeHeader.checksum(index.duplicate()));
            writeFully(to, header.encode());
            writeFully(to, index);
            for (Source source : sorted) {
                writeData(source, checksums, to);
            }
            return header.totalBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private TreeWriter add(
            String path, boolean directory, int permissions, long modifiedSeconds, @Nullable Content content) {
        TreeEntry entry = new TreeEntry(path, directory, permissions, modifiedSeconds, 0);
        if (sources.putIfAbsent(path, new Source(entry, TreePath.encode(path), content)) != null) {
            throw new IllegalArgumentException(path + " was added before: a path is in a tree once.");
        }
        return this;
    }

    private void checkDirectories(List<Source> sorted) {
        if (!sources.containsKey("/")) {
            throw new TreeException("/: the root is missing. Add it by directory(\"/\", ...).");
        }
        if (sorted.size() > TreeHeader.ENTRY_LIMIT) {
            throw new TreeException("The tree would have " + sorted.size() + " entries, and at most "
                    + TreeHeader.ENTRY_LIMIT + " are allowed. Put classes into jars.");
        }
        for (Source source : sorted) {
            String parent = TreePath.parent(source.entry.path());
            Source directory = sources.get(parent);
            if (directory == null) {
                throw new TreeException(source.entry.path() + ": its directory " + parent + " was not added.");
            }
            if (!directory.entry.directory()) {
                throw new TreeException(source.entry.path() + ": " + parent + " is a file, not a directory.");
            }
        }
    }

    private static TreeHeader layOut(List<Source> sorted, Checksums checksums) {
        long namesBytes =
                sorted.stream().mapToLong(source -> source.name.length).sum();
        return TreeHeader.layOut(sorted.size(), namesBytes, checksums.count);
    }

    private static ByteBuffer index(List<Source> sorted, Checksums checksums) {
        TreeHeader header = layOut(sorted, checksums);
        ByteBuffer index = ByteBuffer.allocate(Math.toIntExact(header.dataOffset() - header.entriesOffset()))
                .order(ByteOrder.LITTLE_ENDIAN);
        int nameOffset = 0;
        for (Source source : sorted) {
            TreeEntry entry = source.entry;
            index.putLong(source.size == 0 ? 0 : header.dataOffset() + (long) source.firstPage * TreeHeader.PAGE_BYTES);
            index.putLong(source.size).putLong(entry.modifiedSeconds()).putInt(nameOffset);
            index.putShort((short) source.name.length);
            int kind = entry.directory() ? TreeHeader.MODE_DIRECTORY : TreeHeader.MODE_FILE;
            index.putShort((short) (kind | entry.permissions()));
            nameOffset += source.name.length;
        }
        index.position(Math.toIntExact(header.namesOffset() - header.entriesOffset()));
        sorted.forEach(source -> index.put(source.name));
        index.position(Math.toIntExact(header.checksumsOffset() - header.entriesOffset()));
        for (int page = 0; page < checksums.count; page++) {
            index.putInt(checksums.values[page]);
        }
        return index.rewind();
    }

    private static void writeData(Source source, Checksums checksums, WritableByteChannel to) throws IOException {
        int[] page = {source.firstPage};
        int end = source.firstPage + Math.toIntExact(TreeHeader.alignUp(source.size) / TreeHeader.PAGE_BYTES);
        long size = read(source, bytes -> {
            if (page[0] >= end || TreeHeader.checksum(bytes.duplicate()) != checksums.values[page[0]++]) {
                throw changed(source);
            }
            writeFully(to, bytes);
        });
        if (size != source.size) {
            throw changed(source);
        }
    }

    private static TreeException changed(Source source) {
        return new TreeException(
                source.entry.path() + ": the file changed while the tree was written. Write it again.");
    }

    /** Hands a file on page by page, the last one filled up with zeros, and returns its size. */
    private static long read(Source source, PageSink sink) throws IOException {
        long size = 0;
        if (source.content == null) {
            return size;
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_PAGES * TreeHeader.PAGE_BYTES);
        try (ReadableByteChannel from = source.content.open()) {
            for (boolean more = true; more; ) {
                buffer.clear();
                while (more && buffer.hasRemaining()) {
                    more = from.read(buffer) >= 0;
                }
                int bytes = buffer.position();
                size += bytes;
                int filled = Math.toIntExact(TreeHeader.alignUp(bytes));
                Arrays.fill(buffer.array(), bytes, filled, (byte) 0);
                for (int at = 0; at < filled; at += TreeHeader.PAGE_BYTES) {
                    sink.take(buffer.slice(at, TreeHeader.PAGE_BYTES));
                }
            }
        }
        return size;
    }

    private static void writeFully(WritableByteChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    /** Where the bytes of a file come from, each time anew. */
    private interface Content {
        ReadableByteChannel open() throws IOException;
    }

    /** Takes a page; its buffer is the sink's for the call. */
    private interface PageSink {
        void take(ByteBuffer page) throws IOException;
    }

    /** What was added. Its place is known once it was read. */
    private static final class Source implements Comparable<Source> {
        final TreeEntry entry;
        final byte[] name;
        final @Nullable Content content;
        int firstPage;
        long size;

        Source(TreeEntry entry, byte[] name, @Nullable Content content) {
            this.entry = entry;
            this.name = name;
            this.content = content;
        }

        @Override
        public int compareTo(Source other) {
            return Arrays.compareUnsigned(name, other.name);
        }
    }

    /** The checksums of all pages so far. */
    private static final class Checksums {
        int[] values = new int[1024];
        int count;

        void add(ByteBuffer page) {
            if ((long) count * TreeHeader.PAGE_BYTES >= TreeHeader.DATA_LIMIT_BYTES) {
                throw new TreeException(
                        "The tree would have more than " + TreeHeader.DATA_LIMIT_BYTES + " bytes of data.");
            }
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = TreeHeader.checksum(page);
        }
    }
}
