package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockDeviceInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GUID partition table (UEFI Specification 2.10, chapter 5): what partitions a disk has. It lies on the disk twice, at the front and
 * at the end, with checksums.
 *
 * <p>Crash consistency: {@link #write} is atomic. After a crash at any point {@link #read} finds the table of before or the new one.
 *
 * <p>Thread rule: immutable; reading and writing follow that of the disk.
 */
public final class Gpt {
    /** The type of a Linux file system's partition. */
    public static final UUID LINUX_DATA = UUID.fromString("0fc63daf-8483-4772-8e79-3d69d8477de4");

    /** The type of the EFI system partition. */
    public static final UUID EFI_SYSTEM = UUID.fromString("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");

    private static final Logger LOG = LoggerFactory.getLogger(Gpt.class);
    private static final int NAME_CHARS = 36;

    private final UUID diskId;
    private final List<Entry> entries;

    /**
     * A partition.
     *
     * @param number its place in the table, from 1 to 128, by which tools call it
     * @param type what it is for
     * @param id its own identity
     * @param firstSector its first sector
     * @param lastSector its last sector, which is part of it
     * @param attributes as the specification has them; usually 0
     * @param name up to 36 UTF-16 units
     */
    public record Entry(
            int number, UUID type, UUID id, long firstSector, long lastSector, long attributes, String name) {
        /** Checks the ranges. */
        public Entry {
            if (type.equals(GptTable.UNUSED)) {
                throw new IllegalArgumentException(
                        "Partition " + number + " has the type that marks what is not used.");
            }
            if (number < 1 || firstSector < 0 || lastSector < firstSector || name.length() > NAME_CHARS) {
                throw new IllegalArgumentException("Partition " + number + " from sector " + firstSector + " to "
                        + lastSector + " with a name of " + name.length()
                        + " characters: numbers start at 1, and a name has "
                        + NAME_CHARS + " characters at most.");
            }
        }

        /** How many sectors it has. */
        public long sectors() {
            return lastSector - firstSector + 1;
        }
    }

    /** A table, whether it is that at the front, and what an operator should know. */
    private record Found(Gpt table, boolean primary, String complaint) {}

    private Gpt(UUID diskId, List<Entry> entries) {
        this.diskId = diskId;
        this.entries = List.copyOf(entries);
    }

    /**
     * A table without partitions.
     *
     * @param diskId the disk's identity, made from the platform's entropy
     */
    public static Gpt empty(UUID diskId) {
        return new Gpt(diskId, List.of());
    }

    /**
     * Reads a disk's table. If the one at the front is damaged, that at the end is taken; the damage is logged, and repaired by the next
     * {@link #write}.
     *
     * @throws DiskException if neither copy is sound; the message says what is wrong with each
     */
    public static Gpt read(Disk disk) {
        Found found = find(disk);
        if (!found.complaint.isEmpty()) {
            LOG.warn("{}: {}", disk.info().name(), found.complaint);
        }
        return found.table;
    }

    private static Found find(Disk disk) {
        BlockDeviceInfo info = disk.info();
        if (info.sectors() < minimumSectors(info)) {
            throw new DiskException(
                    info.name() + " is too small for a partition table: it has " + info.sectors() + " sectors.",
                    "A disk with one has " + minimumSectors(info) + " sectors or more.",
                    null);
        }
        String front;
        try {
            return new Found(load(disk, 1), true, "");
        } catch (GptTable.Unsound e) {
            front = String.valueOf(e.getMessage());
        }
        try {
            return new Found(
                    load(disk, info.sectors() - 1),
                    false,
                    "the partition table at the front has " + front + "; that at the end is used");
        } catch (GptTable.Unsound e) {
            throw new DiskException(
                    info.name() + " has no partition table: at the front " + front + ", at the end " + e.getMessage()
                            + ".",
                    "A GPT, as sgdisk or parted make it.",
                    "Gpt.empty(id).write(disk), if what is on the disk is of no use");
        }
    }

    private static Gpt load(Disk disk, long sector) throws GptTable.Unsound {
        BlockDeviceInfo info = disk.info();
        ByteBuf buffer = Unpooled.directBuffer(info.sectorBytes(), info.sectorBytes());
        GptTable.Header header;
        try {
            read(disk, sector, buffer);
            header = GptTable.header(buffer, sector, info);
        } finally {
            buffer.release();
        }
        int bytes = (header.arrayBytes() + info.sectorBytes() - 1) / info.sectorBytes() * info.sectorBytes();
        ByteBuf array = Unpooled.directBuffer(bytes, bytes);
        try {
            read(disk, header.arraySector(), array);
            return new Gpt(header.diskId(), GptTable.entries(array, header));
        } finally {
            array.release();
        }
    }

    /** What cannot be read is as damaged as what reads wrong: there is another copy. */
    private static void read(Disk disk, long sector, ByteBuf into) throws GptTable.Unsound {
        try {
            disk.read(sector * disk.info().sectorBytes(), into, 0, into.capacity());
        } catch (DiskException e) {
            LOG.debug("A copy of the partition table: {}", e.getMessage());
            throw new GptTable.Unsound("a sector that cannot be read");
        }
    }

    private static long minimumSectors(BlockDeviceInfo info) {
        return 2L * (GptTable.arraySectors(info) + 1) + 2;
    }

    /** The disk's identity. */
    public UUID diskId() {
        return diskId;
    }

    /** The partitions, by number. */
    public List<Entry> entries() {
        return entries;
    }

    /**
     * The table with one more partition, behind all others, with the lowest free number.
     *
     * @param info of the disk that it is meant for
     * @param type what it is for, such as {@link #LINUX_DATA}
     * @param id its own identity, made from the platform's entropy
     * @param name up to 36 UTF-16 units
     * @param bytes how large at least; rounded up to whole sectors; 0 takes what is left
     * @throws DiskException if there is not so much left, or no number is free
     */
    public Gpt add(BlockDeviceInfo info, UUID type, UUID id, String name, long bytes) {
        int number = 1;
        while (hasNumber(number)) {
            number++;
        }
        long align = Math.max(1, (1 << 20) / info.sectorBytes());
        long end = entries.stream().mapToLong(Entry::lastSector).max().orElse(GptTable.firstUsable(info) - 1);
        // From 1 MiB to 1 MiB, as every tool does, so that no partition cuts through a physical sector or an erase
        // block.
        long first = (end + align) / align * align;
        if (first > GptTable.lastUsable(info)) {
            first = end + 1;
        }
        long left = GptTable.lastUsable(info) - first + 1;
        long sectors = bytes == 0 ? left : bytes / info.sectorBytes() + (bytes % info.sectorBytes() == 0 ? 0 : 1);
        if (sectors < 1 || sectors > left || number > GptTable.ENTRIES) {
            throw new DiskException(
                    "No room for a partition of " + bytes + " bytes on " + info.name() + ".",
                    Math.max(0, left) * info.sectorBytes() + " bytes are left behind the last partition, and "
                            + (GptTable.ENTRIES - entries.size()) + " entries.",
                    null);
        }
        List<Entry> more = new ArrayList<>(entries);
        more.add(new Entry(number, type, id, first, first + sectors - 1, 0, name));
        return new Gpt(diskId, sorted(more));
    }

    private boolean hasNumber(int number) {
        return entries.stream().anyMatch(entry -> entry.number() == number);
    }

    /**
     * The table without a partition.
     *
     * @param number of the partition
     * @throws IllegalArgumentException if there is none of this number
     */
    public Gpt remove(int number) {
        if (!hasNumber(number)) {
            throw new IllegalArgumentException("There is no partition " + number + ".");
        }
        return new Gpt(
                diskId,
                entries.stream().filter(entry -> entry.number() != number).toList());
    }

    private static List<Entry> sorted(List<Entry> entries) {
        return entries.stream().sorted(Comparator.comparingInt(Entry::number)).toList();
    }

    /**
     * Writes the table to a disk, twice, with a protective MBR, and flushes. The copy that is not sound, or else that at the end, goes first
     * and is flushed before the other, so that one of them is sound at any time.
     *
     * @throws DiskException if the disk is too small for it, or the table has partitions that do not fit, or entries that this library
     *     does not write (more than 128)
     */
    public void write(Disk disk) {
        BlockDeviceInfo info = disk.info();
        checkFits(info);
        boolean primaryFirst;
        try {
            primaryFirst = !find(disk).primary;
        } catch (DiskException e) {
            // Neither is sound: there is nothing to lose.
            LOG.debug("A new partition table: {}", e.getMessage());
            primaryFirst = true;
        }
        int arrayBytes = GptTable.arraySectors(info) * info.sectorBytes();
        ByteBuf array = Unpooled.directBuffer(arrayBytes, arrayBytes);
        ByteBuf sector = Unpooled.directBuffer(info.sectorBytes(), info.sectorBytes());
        try {
            GptTable.putEntries(array, entries);
            if (primaryFirst) {
                writeCopy(disk, array, sector, true);
                writeCopy(disk, array, sector, false);
            } else {
                writeCopy(disk, array, sector, false);
                writeCopy(disk, array, sector, true);
            }
            GptTable.putProtectiveMbr(sector, info);
            disk.write(0, sector, 0, info.sectorBytes());
            disk.flush();
        } finally {
            array.release();
            sector.release();
        }
    }

    private void writeCopy(Disk disk, ByteBuf array, ByteBuf sector, boolean primary) {
        BlockDeviceInfo info = disk.info();
        long last = info.sectors() - 1;
        long own = primary ? 1 : last;
        long arraySector = primary ? 2 : last - GptTable.arraySectors(info);
        GptTable.putHeader(sector, array, info, diskId, own, primary ? last : 1, arraySector);
        disk.write(arraySector * info.sectorBytes(), array, 0, array.capacity());
        disk.write(own * info.sectorBytes(), sector, 0, info.sectorBytes());
        disk.flush();
    }

    private void checkFits(BlockDeviceInfo info) {
        for (Entry entry : entries) {
            if (entry.number() > GptTable.ENTRIES
                    || entry.firstSector() < GptTable.firstUsable(info)
                    || entry.lastSector() > GptTable.lastUsable(info)) {
                throw new DiskException(
                        "Partition " + entry.number() + " from sector " + entry.firstSector() + " to "
                                + entry.lastSector() + " does not fit on " + info.name() + ".",
                        "Numbers go to " + GptTable.ENTRIES + ", sectors from " + GptTable.firstUsable(info) + " to "
                                + GptTable.lastUsable(info) + ".",
                        null);
            }
        }
        if (info.sectors() < minimumSectors(info)) {
            throw new DiskException(
                    info.name() + " is too small for a partition table: it has " + info.sectors() + " sectors.",
                    "A disk with one has " + minimumSectors(info) + " sectors or more.",
                    null);
        }
    }

    /** One line for each partition. */
    public String describe() {
        StringBuilder text = new StringBuilder("GPT ").append(diskId);
        for (Entry entry : entries) {
            text.append("\n  ")
                    .append(entry.number())
                    .append(": sectors ")
                    .append(entry.firstSector())
                    .append(" to ")
                    .append(entry.lastSector())
                    .append(", ")
                    .append(entry.name().isEmpty() ? "unnamed" : printable(entry.name()));
        }
        return text.toString();
    }

    private static String printable(String name) {
        byte[] plain = name.getBytes(StandardCharsets.US_ASCII);
        StringBuilder text = new StringBuilder();
        for (byte b : plain) {
            text.append(b >= 0x20 && b < 0x7F ? (char) b : '?');
        }
        return text.toString();
    }
}
