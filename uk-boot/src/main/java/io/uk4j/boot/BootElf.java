package io.uk4j.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The boot layer as an ELF file of 64 bits, which has a spare segment for a tree, and a note that says where in memory the tree is. */
final class BootElf {
    static final long PAGE = 4096;

    private static final int PROGRAM_HEADERS = 32;
    private static final int SECTION_HEADERS = 40;
    private static final int ENTRY_BYTES = 54;
    private static final int ENTRY_COUNT = 56;
    private static final int SECTION_BYTES = 58;
    private static final int SECTION_COUNT = 60;
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

    private static final long SPARE_ALIGNMENT = 8;
    private static final long HUGE_PAGE = 2L << 20;
    private static final long LOWEST = 16L << 20;

    private final ByteBuffer elf;
    private final int first;
    private final int end;
    private int note = -1;

    /**
     * Reads one.
     *
     * @param file which begins with it
     * @throws IllegalArgumentException if it does not, or has no note of ours
     */
    BootElf(byte[] file) {
        elf = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < HEADER_BYTES || elf.getInt(0) != 0x464c457f || elf.getShort(ENTRY_BYTES) != SEGMENT_BYTES) {
            throw new IllegalArgumentException("The boot layer is no ELF file of 64 bits.");
        }
        long from = elf.getLong(PROGRAM_HEADERS);
        long to = from + (long) Short.toUnsignedInt(elf.getShort(ENTRY_COUNT)) * SEGMENT_BYTES;
        if (from < 0 || from > file.length || to > file.length) {
            throw new IllegalArgumentException("The boot layer's segments are not in its file.");
        }
        first = (int) from;
        end = (int) to;
        for (int at = first; at < end; at += SEGMENT_BYTES) {
            if (elf.getInt(at) == NOTE) {
                note = findNote(elf, elf.getLong(at + SEGMENT_OFFSET), elf.getLong(at + SEGMENT_FILE_BYTES), note);
            }
        }
        if (note < 0) {
            throw new IllegalArgumentException("The boot layer has no room for a tree.");
        }
    }

    /**
     * The file with its spare segment made one for a tree.
     *
     * @param offset of the tree in the file
     * @param bytes of it
     * @throws IllegalArgumentException if there is no spare segment
     */
    byte[] place(long offset, long bytes) {
        int spare = -1;
        long top = LOWEST;
        for (int at = first; at < end; at += SEGMENT_BYTES) {
            if (elf.getInt(at) == SPARE) {
                spare = at;
            } else if (elf.getInt(at) == LOAD) {
                top = Math.max(top, elf.getLong(at + SEGMENT_PHYSICAL) + elf.getLong(at + SEGMENT_MEMORY_BYTES));
            }
        }
        if (spare < 0) {
            throw new IllegalArgumentException("The boot layer has no room for a tree.");
        }
        ByteBuffer placed = ByteBuffer.wrap(elf.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
        long physical = alignUp(top, HUGE_PAGE);
        fill(placed, spare, LOAD, offset, physical, bytes, PAGE);
        placed.putLong(note, physical);
        placed.putLong(note + 8, bytes);
        return placed.array();
    }

    /** Where in the file the tree begins. */
    long treeOffset() {
        return elf.getLong(treeSegment() + SEGMENT_OFFSET);
    }

    /** The boot layer alone, as it was before it got a tree. */
    byte[] withoutTree() {
        long length = elf.getLong(SECTION_HEADERS)
                + (long) Short.toUnsignedInt(elf.getShort(SECTION_BYTES))
                        * Short.toUnsignedInt(elf.getShort(SECTION_COUNT));
        if (length < HEADER_BYTES || length > elf.capacity()) {
            throw new IllegalArgumentException("The boot layer's sections are not in its file.");
        }
        ByteBuffer alone =
                ByteBuffer.wrap(Arrays.copyOf(elf.array(), (int) length)).order(ByteOrder.LITTLE_ENDIAN);
        if (elf.getLong(note + 8) != 0) {
            fill(alone, treeSegment(), SPARE, 0, 0, 0, SPARE_ALIGNMENT);
            alone.putLong(note, 0);
            alone.putLong(note + 8, 0);
        }
        return alone.array();
    }

    private int treeSegment() {
        for (int at = first; at < end; at += SEGMENT_BYTES) {
            if (elf.getInt(at) == LOAD
                    && elf.getLong(note + 8) != 0
                    && elf.getLong(at + SEGMENT_PHYSICAL) == elf.getLong(note)
                    && elf.getLong(at + SEGMENT_FILE_BYTES) == elf.getLong(note + 8)
                    && elf.getLong(at + SEGMENT_OFFSET) >= 0) {
                return at;
            }
        }
        throw new IllegalArgumentException("There is no tree in the file.");
    }

    private static void fill(ByteBuffer elf, int at, int type, long offset, long physical, long bytes, long alignment) {
        elf.putInt(at, type);
        elf.putInt(at + 4, READ);
        elf.putLong(at + SEGMENT_OFFSET, offset);
        elf.putLong(at + SEGMENT_VIRTUAL, physical);
        elf.putLong(at + SEGMENT_PHYSICAL, physical);
        elf.putLong(at + SEGMENT_FILE_BYTES, bytes);
        elf.putLong(at + SEGMENT_MEMORY_BYTES, bytes);
        elf.putLong(at + SEGMENT_ALIGNMENT, alignment);
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

    static long alignUp(long value, long alignment) {
        return (value + alignment - 1) / alignment * alignment;
    }
}
