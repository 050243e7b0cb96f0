package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockDeviceInfo;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What the first sector of a leg says: which mirror it belongs to, and how far it followed. The generation grows each time when a leg goes on
 * without the other, which then is behind.
 *
 * @param mirror the identity of the mirror
 * @param leg 0 or 1
 * @param generation 0 for a leg that was never in step
 * @param alone whether it went on without the other, which was not brought up since
 * @param bytes how large the mirror is
 */
record MirrorLabel(UUID mirror, int leg, long generation, boolean alone, long bytes) {
    /** Where the map of regions lies. */
    static final int BITMAP_OFFSET = 4096;

    /** How large that is, in one piece of whole sectors. */
    static final int BITMAP_BYTES = 4096;

    /** Where the data begins. */
    static final int DATA_OFFSET = 64 << 10;

    private static final int REGION_MINIMUM_BYTES = 64 << 10;
    private static final long MAGIC = 0x7272_696d_6a34_6b75L; // "uk4jmirr"
    private static final int VERSION = 1;
    private static final int CRC_AT = 56;

    /** How much one bit of the map stands for. */
    long regionBytes() {
        long bytesPerBit = (bytes + BITMAP_BYTES * 8L - 1) / (BITMAP_BYTES * 8L);
        long region = Long.highestOneBit(Math.max(1, bytesPerBit - 1)) << 1;
        return Math.max(REGION_MINIMUM_BYTES, region);
    }

    int regions() {
        return (int) ((bytes + regionBytes() - 1) / regionBytes());
    }

    MirrorLabel inStep(long newGeneration) {
        return new MirrorLabel(mirror, leg, newGeneration, false, bytes);
    }

    MirrorLabel neverInStep() {
        return new MirrorLabel(mirror, leg, 0, false, bytes);
    }

    MirrorLabel of(UUID newMirror) {
        return new MirrorLabel(newMirror, leg, generation, alone, bytes);
    }

    MirrorLabel goingAlone() {
        return new MirrorLabel(mirror, leg, generation + 1, true, bytes);
    }

    void put(ByteBuf sector) {
        sector.setZero(0, sector.capacity());
        sector.setLongLE(0, MAGIC);
        sector.setIntLE(8, VERSION);
        sector.setIntLE(12, leg);
        sector.setLongLE(16, mirror.getMostSignificantBits());
        sector.setLongLE(24, mirror.getLeastSignificantBits());
        sector.setLongLE(32, generation);
        sector.setLongLE(40, bytes);
        sector.setIntLE(48, alone ? 1 : 0);
        sector.setIntLE(CRC_AT, crc(sector));
    }

    /**
     * Reads a label; each field is checked.
     *
     * @throws DiskException if there is none, it is damaged, or not one of this device
     */
    static MirrorLabel read(ByteBuf sector, BlockDeviceInfo info) {
        if (sector.getLongLE(0) != MAGIC) {
            throw new DiskException(
                    info.name() + " is no leg of a mirror.",
                    null,
                    "Mirror.replace, to have it take the place of one; or Mirror.format, for a new mirror");
        }
        if (sector.getIntLE(CRC_AT) != crc(sector)) {
            throw new DiskException(
                    "The label of " + info.name() + " is damaged.",
                    null,
                    "Mirror.openDegraded with the other leg, then Mirror.replace");
        }
        int version = sector.getIntLE(8);
        int leg = sector.getIntLE(12);
        long generation = sector.getLongLE(32);
        long bytes = sector.getLongLE(40);
        if (version != VERSION
                || (leg != 0 && leg != 1)
                || generation < 0
                || generation == Long.MAX_VALUE
                || bytes <= 0
                || bytes > info.capacityBytes() - DATA_OFFSET
                || bytes % info.sectorBytes() != 0) {
            throw new DiskException(
                    "The label of " + info.name() + " has version " + version + ", leg " + leg + ", generation "
                            + generation + " and " + bytes
                            + " bytes, which is not for this device of " + info.capacityBytes() + " bytes.",
                    "This library reads version " + VERSION + ".",
                    null);
        }
        return new MirrorLabel(
                new UUID(sector.getLongLE(16), sector.getLongLE(24)), leg, generation, sector.getIntLE(48) != 0, bytes);
    }

    private static int crc(ByteBuf sector) {
        byte[] bytes = new byte[CRC_AT];
        sector.getBytes(0, bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }
}
