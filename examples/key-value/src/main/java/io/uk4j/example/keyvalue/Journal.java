package io.uk4j.example.keyvalue;

import io.netty.buffer.ByteBuf;
import io.uk4j.blk.Disk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What was put and deleted, in order, on a disk. The first sector says whose disk it is. Each record has sectors of its own:
 *
 * <pre>
 * bytes 0    mark
 *       4    CRC32C of all that follows
 *       8    number, from 0 on
 *      16    length of the key in bytes
 *      20    length of the value in bytes, -1 for a deletion
 *      24    key and value in UTF-8, filled up with zeros
 * </pre>
 *
 * <p>A record counts once it was flushed. The next one is written after that alone, so a power cut can tear the last one only; its checksum tells, and
 * the next takes its place. The log is never compacted: when the disk is full, nothing more is taken.
 *
 * <p>Thread rule: for one caller at a time, who may wait.
 */
final class Journal {
    /** The largest record, and what the buffer has to hold. */
    static final int RECORD_LIMIT = 8192;

    private static final byte[] OWNER = "uk4j key-value 1".getBytes(StandardCharsets.US_ASCII);
    private static final int MARK = 0x756b6b76;
    private static final int HEADER = 24;
    private static final int CHECKED_FROM = 8;

    private final Disk disk;
    private final ByteBuf buffer;
    private final int sector;
    private final long end;
    private long position;
    private long number;

    /** Gets what the log has, in order; a value is null where the key was deleted. */
    interface Visitor {
        void record(String key, @Nullable String value);
    }

    private Journal(Disk disk, ByteBuf buffer) {
        this.disk = disk;
        this.buffer = buffer;
        sector = disk.info().sectorBytes();
        end = disk.info().capacityBytes();
        position = sector;
    }

    /**
     * Opens the log of a disk, or begins one on a disk whose first sector is empty.
     *
     * @param buffer of {@link #RECORD_LIMIT} bytes, fit for the disk; the log's until it is thrown away
     * @param visitor gets what was put and deleted before
     * @throws IllegalStateException if the disk is somebody else's, too small, or read-only
     */
    static Journal open(Disk disk, ByteBuf buffer, Visitor visitor) {
        Journal journal = new Journal(disk, buffer);
        if (journal.end < 2L * journal.sector
                || journal.sector > RECORD_LIMIT
                || disk.info().readOnly()) {
            throw new IllegalStateException(
                    "The disk " + disk.info().name() + " is read-only, or has no room for a record.");
        }
        journal.claim();
        while (journal.replay(visitor)) {
            // To the last one that is whole.
        }
        return journal;
    }

    private void claim() {
        disk.read(0, buffer, 0, sector);
        byte[] first = new byte[sector];
        buffer.getBytes(0, first);
        if (Arrays.equals(first, 0, OWNER.length, OWNER, 0, OWNER.length)) {
            return;
        }
        for (byte b : first) {
            if (b != 0) {
                throw new IllegalStateException("The disk " + disk.info().name()
                        + " has something else on it. An empty one is needed: its first sector all zeros.");
            }
        }
        buffer.setZero(0, sector).setBytes(0, OWNER);
        disk.write(0, buffer, 0, sector);
        disk.flush();
    }

    /** Reads one record, if there is a whole one. */
    private boolean replay(Visitor visitor) {
        if (position + sector > end) {
            return false;
        }
        disk.read(position, buffer, 0, sector);
        int keyBytes = buffer.getInt(16);
        int valueBytes = buffer.getInt(20);
        long bytes = (long) HEADER + keyBytes + Math.max(0, valueBytes);
        int rounded = (int) Math.min(RECORD_LIMIT + 1L, round(bytes));
        if (buffer.getInt(0) != MARK
                || buffer.getLong(8) != number
                || keyBytes < 0
                || valueBytes < -1
                || bytes > RECORD_LIMIT
                || position + rounded > end) {
            return false;
        }
        if (rounded > sector) {
            disk.read(position, buffer, 0, rounded);
        }
        byte[] record = new byte[(int) bytes];
        buffer.getBytes(0, record);
        if (ByteBuffer.wrap(record).getInt(4) != checksum(record)) {
            return false;
        }
        visitor.record(
                new String(record, HEADER, keyBytes, StandardCharsets.UTF_8),
                valueBytes < 0 ? null : new String(record, HEADER + keyBytes, valueBytes, StandardCharsets.UTF_8));
        position += rounded;
        number++;
        return true;
    }

    /**
     * Adds a record. When this returns true it will be there, whatever happens to the power.
     *
     * @param value null for a deletion
     * @return false if the disk is full, and then nothing was changed
     * @throws IllegalArgumentException if key and value are longer than a record
     * @throws io.uk4j.blk.DiskException if the disk fails; what was added is then there or not
     */
    boolean append(String key, @Nullable String value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        byte[] valueBytes = value == null ? new byte[0] : value.getBytes(StandardCharsets.UTF_8);
        long bytes = (long) HEADER + keyBytes.length + valueBytes.length;
        if (bytes > RECORD_LIMIT) {
            throw new IllegalArgumentException("A record of " + bytes + " bytes is longer than " + RECORD_LIMIT + '.');
        }
        if (round(bytes) > RECORD_LIMIT || position + round(bytes) > end) {
            return false;
        }
        ByteBuffer record = ByteBuffer.allocate((int) round(bytes));
        record.putInt(0, MARK).putLong(8, number).putInt(16, keyBytes.length);
        record.putInt(20, value == null ? -1 : valueBytes.length);
        record.put(HEADER, keyBytes).put(HEADER + keyBytes.length, valueBytes);
        record.putInt(4, checksum(Arrays.copyOf(record.array(), (int) bytes)));
        buffer.setBytes(0, record);
        disk.write(position, buffer, 0, record.capacity());
        disk.flush();
        position += record.capacity();
        number++;
        return true;
    }

    private long round(long bytes) {
        return (bytes + sector - 1) / sector * sector;
    }

    private static int checksum(byte[] record) {
        CRC32C crc = new CRC32C();
        crc.update(record, CHECKED_FROM, record.length - CHECKED_FROM);
        return (int) crc.getValue();
    }
}
