package io.uk4j.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The first page of a tree: where its parts are. All but the counts are in bytes from the start of the tree. */
record TreeHeader(
        int entryCount,
        long entriesOffset,
        long namesOffset,
        long namesBytes,
        long checksumsOffset,
        long dataOffset,
        long totalBytes,
        int indexChecksum) {
    static final int PAGE_BYTES = 4096;
    static final int ENTRY_BYTES = 32;
    static final int ENTRY_LIMIT = 65_536;
    static final int MODE_FILE = 0100000;
    static final int MODE_DIRECTORY = 0040000;

    /** More would be more than an index in one array can describe, and than any machine of these has. */
    static final long DATA_LIMIT_BYTES = 1L << 38;

    private static final long MAGIC = 0x656572746a346b75L; // "uk4jtree"
    private static final int VERSION = 1;
    private static final int CHECKED_BYTES = 68;

    /** How a tree is laid out that has so many entries, bytes of names and pages of data. */
    static TreeHeader layOut(int entryCount, long namesBytes, long pages) {
        long names = PAGE_BYTES + alignUp((long) entryCount * ENTRY_BYTES);
        long checksums = names + alignUp(namesBytes);
        long data = checksums + alignUp(pages * Integer.BYTES);
        return new TreeHeader(entryCount, PAGE_BYTES, names, namesBytes, checksums, data, data + pages * PAGE_BYTES, 0);
    }

    static long alignUp(long bytes) {
        return Math.addExact(bytes, PAGE_BYTES - 1) & -PAGE_BYTES;
    }

    TreeHeader withIndexChecksum(int checksum) {
        return new TreeHeader(
                entryCount, entriesOffset, namesOffset, namesBytes, checksumsOffset, dataOffset, totalBytes, checksum);
    }

    long pages() {
        return (totalBytes - dataOffset) / PAGE_BYTES;
    }

    /** A page with this header. */
    ByteBuffer encode() {
        ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        page.putLong(MAGIC).putInt(VERSION).putInt(entryCount);
        page.putLong(entriesOffset).putLong(namesOffset).putLong(namesBytes);
        page.putLong(checksumsOffset).putLong(dataOffset).putLong(totalBytes).putInt(indexChecksum);
        page.putInt(checksum(page.slice(0, CHECKED_BYTES)));
        return page.rewind();
    }

    /** The header of a page; what it says fits into a tree of at most that many bytes. */
    static TreeHeader decode(ByteBuffer page, long bytesThere) {
        page.order(ByteOrder.LITTLE_ENDIAN);
        if (page.getLong(0) != MAGIC) {
            throw new TreeException("header: this is no file tree.");
        }
        if (page.getInt(8) != VERSION) {
            throw new TreeException(
                    "header: it has version " + page.getInt(8) + ", and only " + VERSION + " is known.");
        }
        if (checksum(page.slice(0, CHECKED_BYTES)) != page.getInt(CHECKED_BYTES)) {
            throw new TreeException("header: its checksum is not right.");
        }
        TreeHeader header = new TreeHeader(
                page.getInt(12),
                page.getLong(16),
                page.getLong(24),
                page.getLong(32),
                page.getLong(40),
                page.getLong(48),
                page.getLong(56),
                page.getInt(64));
        header.checkBounds(bytesThere);
        return header;
    }

    private void checkBounds(long bytesThere) {
        if (totalBytes > bytesThere) {
            throw new TreeException("header: the tree has " + totalBytes + " bytes, but only " + bytesThere
                    + " are there: it is cut short.");
        }
        boolean sound = entryCount >= 1
                && entryCount <= ENTRY_LIMIT
                && dataOffset >= PAGE_BYTES
                && dataOffset <= totalBytes
                && dataOffset % PAGE_BYTES == 0
                && totalBytes % PAGE_BYTES == 0
                && totalBytes - dataOffset <= DATA_LIMIT_BYTES
                && dataOffset <= Integer.MAX_VALUE
                && entriesOffset >= PAGE_BYTES
                && entriesOffset % Long.BYTES == 0
                && fits(entriesOffset, (long) entryCount * ENTRY_BYTES)
                && fits(namesOffset, namesBytes)
                && checksumsOffset % Integer.BYTES == 0
                && fits(checksumsOffset, pages() * Integer.BYTES);
        if (!sound) {
            throw new TreeException("header: its parts do not fit into it.");
        }
    }

    private boolean fits(long offset, long bytes) {
        return offset >= entriesOffset && offset <= dataOffset && bytes >= 0 && bytes <= dataOffset - offset;
    }

    static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
