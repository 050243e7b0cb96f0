package io.uk4j.boot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    private static final String RESOURCE = "uk-boot.elf";

    private static final int PROGRAM_HEADERS = 32;
    private static final int ENTRY_BYTES = 54;
    private static final int ENTRY_COUNT = 56;
    private static final int HEADER_BYTES = 64;
    private static final int SEGMENT_BYTES = 56;
    private static final int SEGMENT_OFFSET = 8;
    private static final int SEGMENT_VIRTUAL = 16;
    private static final int SEGMENT_PHYSICAL = 24;
    private static final int SEGMENT_FILE_BYTES = 32;
    private static final int SEGMENT_MEMORY_BYTES = 40;
    private static final int SEGMENT_ALIGNMENT = 48;
    private static final int SPARE = 0;
    private static final int LOAD = 1;
    private static final int NOTE = 4;
    private static final int READ = 4;

    private static final byte[] NOTE_NAME = "uk4jtre\0".getBytes(StandardCharsets.US_ASCII);
    private static final int NOTE_BYTES = 16;

    private static final long PAGE = 4096;
    private static final long HUGE_PAGE = 2L << 20;
    private static final long LOWEST = 16L << 20;

    private BootImage() {}

    /**
     * The boot layer that belongs to this class: an ELF file, to be booted with a tree as its module.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static byte[] bootLayer() {
        try (InputStream from = BootImage.class.getResourceAsStream(RESOURCE)) {
            if (from == null) {
                throw new IllegalStateException(
                        "The jar of uk-boot has no " + RESOURCE + ": it was built in part only.");
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
            long offset = alignUp(boot.length, PAGE);
            long bytes = Files.size(tree);
            ByteBuffer head = ByteBuffer.allocate((int) offset).order(ByteOrder.LITTLE_ENDIAN);
            head.put(0, place(boot, offset, bytes));
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
     * The boot layer, with its spare segment made one for a tree at an offset of the file.
     *
     * @throws IllegalArgumentException if it is no ELF file, or has neither a spare segment nor the note
     */
    static byte[] place(byte[] boot, long offset, long bytes) {
        ByteBuffer elf = ByteBuffer.wrap(boot.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (boot.length < HEADER_BYTES || elf.getInt(0) != 0x464c457f || elf.getShort(ENTRY_BYTES) != SEGMENT_BYTES) {
            throw new IllegalArgumentException("The boot layer is no ELF file of 64 bits.");
        }
        long first = elf.getLong(PROGRAM_HEADERS);
        int count = Short.toUnsignedInt(elf.getShort(ENTRY_COUNT));
        if (first < 0 || first + (long) count * SEGMENT_BYTES > boot.length) {
            throw new IllegalArgumentException("The boot layer's segments are not in its file.");
        }
        int spare = -1;
        int note = -1;
        long end = LOWEST;
        for (int at = (int) first; at < first + (long) count * SEGMENT_BYTES; at += SEGMENT_BYTES) {
            int type = elf.getInt(at);
            if (type == SPARE) {
                spare = at;
            } else if (type == NOTE) {
                note = findNote(elf, elf.getLong(at + SEGMENT_OFFSET), elf.getLong(at + SEGMENT_FILE_BYTES), note);
            } else if (type == LOAD) {
                end = Math.max(end, elf.getLong(at + SEGMENT_PHYSICAL) + elf.getLong(at + SEGMENT_MEMORY_BYTES));
            }
        }
        if (spare < 0 || note < 0) {
            throw new IllegalArgumentException("The boot layer has no room for a tree.");
        }
        long physical = alignUp(end, HUGE_PAGE);
        elf.putInt(spare, LOAD);
        elf.putInt(spare + 4, READ);
        elf.putLong(spare + SEGMENT_OFFSET, offset);
        elf.putLong(spare + SEGMENT_VIRTUAL, physical);
        elf.putLong(spare + SEGMENT_PHYSICAL, physical);
        elf.putLong(spare + SEGMENT_FILE_BYTES, bytes);
        elf.putLong(spare + SEGMENT_MEMORY_BYTES, bytes);
        elf.putLong(spare + SEGMENT_ALIGNMENT, PAGE);
        elf.putLong(note, physical);
        elf.putLong(note + 8, bytes);
        return elf.array();
    }

    /** Where the descriptor of our note is, or what was found before. */
    private static int findNote(ByteBuffer elf, long from, long bytes, int before) {
        for (long at = from; at >= 0 && at + 12 <= Math.min(from + bytes, elf.limit()); ) {
            int nameBytes = elf.getInt((int) at);
            int dataBytes = elf.getInt((int) at + 4);
            long name = at + 12;
            long data = name + alignUp(Integer.toUnsignedLong(nameBytes), 4);
            if (nameBytes == NOTE_NAME.length
                    && dataBytes == NOTE_BYTES
                    && data + NOTE_BYTES <= elf.limit()
                    && elf.slice((int) name, nameBytes).equals(ByteBuffer.wrap(NOTE_NAME))) {
                return (int) data;
            }
            at = data + alignUp(Integer.toUnsignedLong(dataBytes), 4);
        }
        return before;
    }

    private static long alignUp(long value, long alignment) {
        return (value + alignment - 1) / alignment * alignment;
    }
}
