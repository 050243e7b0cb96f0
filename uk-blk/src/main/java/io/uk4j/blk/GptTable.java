package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockDeviceInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/** One of the two copies of a GPT as it lies on a disk (UEFI Specification 2.10, section 5.3): a header of one sector, and an array of entries. */
final class GptTable {
    static final int ENTRY_BYTES = 128;
    static final int ENTRIES = 128;
    static final int ARRAY_BYTES = ENTRY_BYTES * ENTRIES;

    private static final long SIGNATURE = 0x5452_4150_2049_4645L; // "EFI PART"
    private static final int REVISION = 0x0001_0000;
    private static final int HEADER_BYTES = 92;
    private static final int CRC_AT = 16;
    private static final int NAME_AT = 56;
    private static final int NAME_BYTES = 72;
    private static final int ENTRIES_LIMIT = 4096;
    private static final int ENTRY_BYTES_LIMIT = 4096;
    static final UUID UNUSED = new UUID(0, 0);

    private GptTable() {}

    /** What a header says, once it is known to be sound. */
    record Header(
            UUID diskId,
            long firstUsable,
            long lastUsable,
            long arraySector,
            int entries,
            int entryBytes,
            int arrayCrc) {
        int arrayBytes() {
            return entries * entryBytes;
        }
    }

    /** Why a table is not one; the text names what is wrong. */
    static final class Unsound extends Exception {
        private static final long serialVersionUID = 1L;

        Unsound(String what) {
            super(what, null, false, false);
        }
    }

    /** How many sectors the array of entries takes that is written here. */
    static int arraySectors(BlockDeviceInfo info) {
        return (ARRAY_BYTES + info.sectorBytes() - 1) / info.sectorBytes();
    }

    /** The first sector that a partition may have. */
    static long firstUsable(BlockDeviceInfo info) {
        return 2L + arraySectors(info);
    }

    /** The last sector that a partition may have. */
    static long lastUsable(BlockDeviceInfo info) {
        return info.sectors() - 2 - arraySectors(info);
    }

    /** Reads a header; each field that is used is checked. */
    static Header header(ByteBuf sector, long ownSector, BlockDeviceInfo info) throws Unsound {
        require(sector.getLongLE(0) == SIGNATURE, "no signature");
        long size = sector.getUnsignedIntLE(12);
        require(size >= HEADER_BYTES && size <= info.sectorBytes(), "a header of " + size + " bytes");
        int crc = sector.getIntLE(CRC_AT);
        byte[] bytes = new byte[(int) size];
        sector.getBytes(0, bytes);
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[CRC_AT + i] = 0;
        }
        require(crc == crc(bytes), "a header with a wrong checksum");
        require(sector.getIntLE(8) == REVISION, "an unknown revision");
        require(sector.getLongLE(24) == ownSector, "a header that is meant for sector " + sector.getLongLE(24));
        long first = sector.getLongLE(40);
        long last = sector.getLongLE(48);
        long arraySector = sector.getLongLE(72);
        long entries = sector.getUnsignedIntLE(80);
        long entryBytes = sector.getUnsignedIntLE(84);
        require(
                first > 1 && last < info.sectors() && first <= last,
                "usable sectors from " + first + " to " + last + " on a disk of " + info.sectors());
        require(
                entryBytes >= ENTRY_BYTES && entryBytes <= ENTRY_BYTES_LIMIT && Long.bitCount(entryBytes) == 1,
                "entries of " + entryBytes + " bytes");
        require(entries >= 1 && entries <= ENTRIES_LIMIT, entries + " entries");
        long arraySectors = (entries * entryBytes + info.sectorBytes() - 1) / info.sectorBytes();
        require(
                arraySector > 1
                        && arraySector <= info.sectors() - arraySectors
                        && (arraySector > last || arraySector + arraySectors <= first),
                "entries at sector " + arraySector);
        return new Header(
                uuid(sector, 56), first, last, arraySector, (int) entries, (int) entryBytes, sector.getIntLE(88));
    }

    /** Reads the entries that are in use; no two of them share a sector. */
    static List<Gpt.Entry> entries(ByteBuf array, Header header) throws Unsound {
        byte[] bytes = new byte[header.arrayBytes()];
        array.getBytes(0, bytes);
        require(crc(bytes) == header.arrayCrc(), "entries with a wrong checksum");
        List<Gpt.Entry> entries = new ArrayList<>();
        for (int i = 0; i < header.entries(); i++) {
            int at = i * header.entryBytes();
            UUID type = uuid(array, at);
            if (type.equals(UNUSED)) {
                continue;
            }
            long first = array.getLongLE(at + 32);
            long last = array.getLongLE(at + 40);
            require(
                    first >= header.firstUsable() && last <= header.lastUsable() && first <= last,
                    "partition " + (i + 1) + " from sector " + first + " to " + last);
            entries.add(new Gpt.Entry(
                    i + 1, type, uuid(array, at + 16), first, last, array.getLongLE(at + 48), name(array, at)));
        }
        List<Gpt.Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingLong(Gpt.Entry::firstSector));
        for (int i = 1; i < ordered.size(); i++) {
            require(
                    ordered.get(i - 1).lastSector() < ordered.get(i).firstSector(),
                    "partitions " + ordered.get(i - 1).number() + " and "
                            + ordered.get(i).number() + " that overlap");
        }
        return entries;
    }

    private static String name(ByteBuf array, int at) {
        byte[] bytes = new byte[NAME_BYTES];
        array.getBytes(at + NAME_AT, bytes);
        String name = new String(bytes, StandardCharsets.UTF_16LE);
        int end = name.indexOf('\0');
        return end < 0 ? name : name.substring(0, end);
    }

    /** Writes the array of entries; what is not in use is zero. */
    static void putEntries(ByteBuf array, List<Gpt.Entry> entries) {
        array.setZero(0, array.capacity());
        for (Gpt.Entry entry : entries) {
            int at = (entry.number() - 1) * ENTRY_BYTES;
            putUuid(array, at, entry.type());
            putUuid(array, at + 16, entry.id());
            array.setLongLE(at + 32, entry.firstSector());
            array.setLongLE(at + 40, entry.lastSector());
            array.setLongLE(at + 48, entry.attributes());
            array.setBytes(at + NAME_AT, entry.name().getBytes(StandardCharsets.UTF_16LE));
        }
    }

    /** Writes a header for an array that was put before. */
    static void putHeader(
            ByteBuf sector, ByteBuf array, BlockDeviceInfo info, UUID diskId, long own, long other, long arraySector) {
        byte[] bytes = new byte[ARRAY_BYTES];
        array.getBytes(0, bytes);
        sector.setZero(0, info.sectorBytes());
        sector.setLongLE(0, SIGNATURE);
        sector.setIntLE(8, REVISION);
        sector.setIntLE(12, HEADER_BYTES);
        sector.setLongLE(24, own);
        sector.setLongLE(32, other);
        sector.setLongLE(40, firstUsable(info));
        sector.setLongLE(48, lastUsable(info));
        putUuid(sector, 56, diskId);
        sector.setLongLE(72, arraySector);
        sector.setIntLE(80, ENTRIES);
        sector.setIntLE(84, ENTRY_BYTES);
        sector.setIntLE(88, crc(bytes));
        byte[] header = new byte[HEADER_BYTES];
        sector.getBytes(0, header);
        sector.setIntLE(CRC_AT, crc(header));
    }

    /** Writes the protective MBR (section 5.2.3), by which tools that know no GPT see a disk that is in use. */
    static void putProtectiveMbr(ByteBuf sector, BlockDeviceInfo info) {
        sector.setZero(0, info.sectorBytes());
        int at = 446;
        sector.setMedium(at + 1, 0x000200);
        sector.setByte(at + 4, 0xEE);
        sector.setMedium(at + 5, 0xFFFFFF);
        sector.setIntLE(at + 8, 1);
        sector.setIntLE(at + 12, (int) Math.min(info.sectors() - 1, 0xFFFF_FFFFL));
        sector.setShort(510, 0x55AA);
    }

    /** A GUID has its first three fields in little-endian order (RFC 4122 has them in big-endian order; UEFI, appendix A). */
    private static UUID uuid(ByteBuf buffer, int at) {
        long high = (buffer.getUnsignedIntLE(at) << 32)
                | ((long) buffer.getUnsignedShortLE(at + 4) << 16)
                | buffer.getUnsignedShortLE(at + 6);
        return new UUID(high, buffer.getLong(at + 8));
    }

    private static void putUuid(ByteBuf buffer, int at, UUID uuid) {
        long high = uuid.getMostSignificantBits();
        buffer.setIntLE(at, (int) (high >>> 32));
        buffer.setShortLE(at + 4, (int) (high >>> 16));
        buffer.setShortLE(at + 6, (int) high);
        buffer.setLong(at + 8, uuid.getLeastSignificantBits());
    }

    private static int crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    private static void require(boolean condition, String otherwise) throws Unsound {
        if (!condition) {
            throw new Unsound(otherwise);
        }
    }
}
