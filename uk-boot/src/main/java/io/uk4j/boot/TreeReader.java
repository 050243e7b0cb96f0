package io.uk4j.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a sealed file tree. Opening one checks its header and index, as the boot layer does; the data is checked as it is read, page by page,
 * or all of it by {@link #verify}.
 *
 * <p>Thread rule: for one thread at a time.
 */
public final class TreeReader implements AutoCloseable {
    private static final int PAGE = TreeHeader.PAGE_BYTES;

    private final FileChannel channel;
    private final long start;
    private final TreeHeader header;
    private final ByteBuffer index;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final ByteBuffer page = ByteBuffer.allocate(PAGE);

    private TreeReader(FileChannel channel, long start) throws IOException {
        this.channel = channel;
        this.start = start;
        long bytes = channel.size() - start;
        if (bytes < PAGE) {
            throw new TreeException("header: " + bytes + " bytes are no file tree.");
        }
        readFully(page, 0);
        this.header = TreeHeader.decode(page, bytes);
        this.index = ByteBuffer.allocate(Math.toIntExact(header.dataOffset() - header.entriesOffset()))
                .order(ByteOrder.LITTLE_ENDIAN);
        readFully(index, header.entriesOffset());
        if (TreeHeader.checksum(index.duplicate()) != header.indexChecksum()) {
            throw new TreeException("index: its checksum is not right.");
        }
        byte[] before = {};
        for (int i = 0; i < header.entryCount(); i++) {
            before = takeEntry(i, before);
        }
    }

    /**
     * Opens a tree.
     *
     * @param file the tree, from its first byte on; what follows it is not looked at
     * @return a reader, to be closed
     * @throws TreeException if it is no tree, or its header or index is damaged
     * @throws UncheckedIOException if it cannot be read
     */
    public static TreeReader open(Path file) {
        return open(file, 0);
    }

    /** Opens a tree that begins at a byte of a file. */
    static TreeReader open(Path file, long start) {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            try {
                return new TreeReader(channel, start);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * All there is, in the order of the paths' bytes.
     *
     * @return the entries, the root first
     */
    public List<TreeEntry> entries() {
        return places.values().stream().map(Place::entry).toList();
    }

    /**
     * Looks a path up.
     *
     * @param path from the root on
     * @return its entry, or nothing if there is none
     */
    public Optional<TreeEntry> find(String path) {
        return Optional.ofNullable(places.get(path)).map(Place::entry);
    }

    /**
     * How long the tree is.
     *
     * @return bytes, a multiple of 4096
     */
    public long bytes() {
        return header.totalBytes();
    }

    /**
     * Reads a file whole.
     *
     * @param path from the root on
     * @return its bytes
     * @throws IllegalArgumentException if there is no such file, or it is larger than an array can be
     * @throws TreeException if a page of it is damaged
     * @throws UncheckedIOException if it cannot be read
     */
    public byte[] read(String path) {
        Place place = fileAt(path);
        if (place.entry.size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(path + " has " + place.entry.size() + " bytes: use copy.");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) place.entry.size());
        eachPage(place, bytes::put);
        return bytes.array();
    }

    /**
     * Copies a file.
     *
     * @param path from the root on
     * @param to where to; it stays open
     * @throws IllegalArgumentException if there is no such file
     * @throws TreeException if a page of it is damaged; those before it were written
     * @throws UncheckedIOException if reading or writing fails
     */
    public void copy(String path, WritableByteChannel to) {
        eachPage(fileAt(path), bytes -> {
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
        });
    }

    /**
     * Checks all data.
     *
     * @throws TreeException if a page is damaged, or a file is not filled up with zeros; the message has the file's path
     * @throws UncheckedIOException if it cannot be read
     */
    public void verify() {
        boolean[] seen = new boolean[Math.toIntExact(header.pages())];
        try {
            for (Place place : places.values()) {
                for (long at = 0; at < place.entry.size(); at += PAGE) {
                    readPage(place.entry.path(), at, place.offset + at);
                    seen[Math.toIntExact((place.offset + at - header.dataOffset()) / PAGE)] = true;
                    checkFilled(place.entry, at);
                }
            }
            for (int i = 0; i < seen.length; i++) {
                if (!seen[i]) {
                    readPage("the page of no file", 0, header.dataOffset() + (long) i * PAGE);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Place fileAt(String path) {
        Place place = places.get(path);
        if (place == null || place.entry.directory()) {
            throw new IllegalArgumentException(
                    path + (place == null ? " is not in the tree." : " is a directory, not a file."));
        }
        return place;
    }

    private void eachPage(Place place, PageSink sink) {
        try {
            for (long at = 0; at < place.entry.size(); at += PAGE) {
                readPage(place.entry.path(), at, place.offset + at);
                sink.take(page.slice(0, (int) Math.min(PAGE, place.entry.size() - at)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readPage(String path, long at, long offset) throws IOException {
        readFully(page.clear(), offset);
        long number = (offset - header.dataOffset()) / PAGE;
        long place = header.checksumsOffset() - header.entriesOffset() + number * Integer.BYTES;
        if (TreeHeader.checksum(page.duplicate()) != index.getInt(Math.toIntExact(place))) {
            throw new TreeException(path + ": the page at byte " + at + " is damaged.");
        }
    }

    private void checkFilled(TreeEntry entry, long at) {
        for (long i = Math.min(PAGE, entry.size() - at); i < PAGE; i++) {
            if (page.get((int) i) != 0) {
                throw new TreeException(entry.path() + ": its last page is not filled up with zeros.");
            }
        }
    }

    private void readFully(ByteBuffer into, long offset) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into, start + offset + into.position()) < 0) {
                throw new TreeException(
                        "The tree ends at byte " + (offset + into.position()) + ": it was cut while it was read.");
            }
        }
        into.flip();
    }

    private byte[] takeEntry(int number, byte[] before) {
        int at = number * TreeHeader.ENTRY_BYTES;
        byte[] name = name(
                number, Integer.toUnsignedLong(index.getInt(at + 24)), Short.toUnsignedInt(index.getShort(at + 28)));
        int mode = Short.toUnsignedInt(index.getShort(at + 30));
        boolean directory = (mode & ~0777) == TreeHeader.MODE_DIRECTORY;
        if (!directory && (mode & ~0777) != TreeHeader.MODE_FILE) {
            throw wrong(number, "is neither file nor directory");
        }
        if (number > 0 && Arrays.compareUnsigned(before, name) >= 0) {
            throw wrong(number, "is not in order");
        }
        Place place = new Place(entry(number, name, directory, mode & 0777, at), index.getLong(at));
        if (place.entry.size() > 0 && !holds(place)) {
            throw wrong(number, "has data outside of the tree");
        }
        places.put(place.entry.path(), place);
        Place parent = places.get(TreePath.parent(place.entry.path()));
        if (parent == null || !parent.entry.directory()) {
            throw wrong(number, "is in no directory of the tree");
        }
        return name;
    }

    private TreeEntry entry(int number, byte[] name, boolean directory, int permissions, int at) {
        try {
            String path = TreePath.decode(ByteBuffer.wrap(name));
            return new TreeEntry(path, directory, permissions, index.getLong(at + 16), index.getLong(at + 8));
        } catch (IllegalArgumentException e) {
            TreeException wrong = wrong(number, "cannot be: " + e.getMessage());
            wrong.initCause(e);
            throw wrong;
        }
    }

    private byte[] name(int number, long offset, int bytes) {
        if (offset + bytes > header.namesBytes()) {
            throw wrong(number, "has its path outside of the names");
        }
        byte[] name = new byte[bytes];
        index.get(Math.toIntExact(header.namesOffset() - header.entriesOffset() + offset), name);
        return name;
    }

    private boolean holds(Place place) {
        return place.offset % PAGE == 0
                && place.offset >= header.dataOffset()
                && place.offset <= header.totalBytes()
                && place.entry.size() <= header.totalBytes() - place.offset;
    }

    private static TreeException wrong(int number, String what) {
        return new TreeException("index: entry " + number + " " + what + ".");
    }

    /** An entry and where its data starts. */
    private record Place(TreeEntry entry, long offset) {}

    /** Takes a page's bytes; their buffer is the sink's for the call. */
    private interface PageSink {
        void take(ByteBuffer bytes) throws IOException;
    }
}
