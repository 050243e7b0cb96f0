package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockDeviceInfo;
import java.util.zip.CRC32C;

/**
 * How a device is laid out that has a {@link BlockMap}, in blocks: the superblock, the table, the places. The superblock never changes. That of
 * a snapshot says which base it is of, by its size and a checksum over samples of it.
 *
 * @param kind what is on the device
 * @param blockBytes the unit of writing
 * @param diskBlocks how many blocks there are to those above
 * @param places how many there are for blocks
 * @param tableBlocks how many blocks the table takes
 */
record MapLayout(Kind kind, int blockBytes, long diskBlocks, int places, int tableBlocks) {
    /** What is on a device. */
    enum Kind {
        /** Blocks that differ from those of a base. */
        SNAPSHOT("snapshot", 1),
        /** All blocks there are, with checksums. */
        CHECKSUMMED("checksummed disk", 2);

        final String text;
        private final int code;

        Kind(String text, int code) {
            this.text = text;
            this.code = code;
        }
    }

    private static final int BLOCK_BYTES = 4096;
    private static final long MAGIC = 0x7061_6d6b_6a34_6b75L; // "uk4jkmap"
    private static final int VERSION = 1;
    private static final int CRC_AT = 48;
    private static final int SAMPLES = 16;

    /** How many places a checksummed disk keeps free: one of so many, and so many at least. */
    private static final int RESERVE_SHARE = 32;

    private static final int RESERVE_MINIMUM = 64;

    /** The most places that a table in one buffer can describe. */
    private static final long PLACES_LIMIT = (long) Integer.MAX_VALUE / BlockMap.PIECE_BYTES * BlockMap.ENTRIES / 2;

    /** Of a snapshot. */
    static MapLayout snapshot(BlockDeviceInfo base, BlockDeviceInfo delta) {
        int block = Math.max(BLOCK_BYTES, Math.max(base.sectorBytes(), delta.sectorBytes()));
        if (base.sectors() == 0 || base.capacityBytes() % block != 0) {
            throw new DiskException(
                    base.name() + " has " + base.capacityBytes() + " bytes.",
                    "The base of a snapshot is a whole number of blocks of " + block + " bytes.",
                    "truncate -s %" + block + ", if it is a file");
        }
        MapLayout all = of(Kind.SNAPSHOT, delta, block, 1);
        return new MapLayout(Kind.SNAPSHOT, block, base.capacityBytes() / block, all.places, all.tableBlocks);
    }

    /** Of a checksummed disk: some places are kept free, so that blocks can be written when all of them were. */
    static MapLayout checksummed(BlockDeviceInfo device) {
        int block = Math.max(BLOCK_BYTES, device.sectorBytes());
        MapLayout all = of(Kind.CHECKSUMMED, device, block, RESERVE_MINIMUM + 1);
        int reserve = Math.max(RESERVE_MINIMUM, all.places / RESERVE_SHARE);
        return new MapLayout(Kind.CHECKSUMMED, block, all.places - reserve, all.places, all.tableBlocks);
    }

    private static MapLayout of(Kind kind, BlockDeviceInfo device, int block, int minimum) {
        long blocks = device.capacityBytes() / block;
        // Of n blocks behind the superblock, one for the table goes with so many places.
        long perTableBlock = (long) block / BlockMap.PIECE_BYTES * BlockMap.ENTRIES;
        long table = (blocks - 1 + perTableBlock) / (perTableBlock + 1);
        long places = blocks - 1 - table;
        if (places < minimum || places > PLACES_LIMIT) {
            throw new DiskException(
                    device.name() + " has " + device.capacityBytes() + " bytes.",
                    "A device for a " + kind.text + " has from " + (minimum + 2L) * block + " to "
                            + PLACES_LIMIT * block + " bytes.",
                    null);
        }
        return new MapLayout(kind, block, places, (int) places, (int) table);
    }

    int tableBytes() {
        return tableBlocks * blockBytes;
    }

    long tableOffset() {
        return blockBytes;
    }

    /** Where a place is on the device. */
    long placeOffset(int place) {
        return (1L + tableBlocks + place) * blockBytes;
    }

    /** Fills a block with the superblock. */
    void put(ByteBuf block, int baseSample) {
        block.setZero(0, blockBytes);
        block.setLongLE(0, MAGIC);
        block.setIntLE(8, VERSION);
        block.setIntLE(12, kind.code);
        block.setIntLE(16, blockBytes);
        block.setIntLE(20, places);
        block.setLongLE(24, tableBlocks);
        block.setLongLE(32, diskBlocks);
        block.setIntLE(40, baseSample);
        block.setIntLE(CRC_AT, crc(block));
    }

    /** Checks the superblock of a device against what it should be. */
    void check(ByteBuf block, int baseSample, String baseName, String name) {
        if (block.getLongLE(0) != MAGIC) {
            throw new DiskException(
                    name + " holds no " + kind.text + ".", null, "format, if what is on it is of no use");
        }
        if (block.getIntLE(CRC_AT) != crc(block)) {
            throw new DiskException("The superblock on " + name + " is damaged.", null, null);
        }
        if (block.getIntLE(8) != VERSION || block.getIntLE(12) != kind.code) {
            throw new DiskException(
                    name + " holds something of kind " + block.getIntLE(12) + " and version " + block.getIntLE(8) + ".",
                    "A " + kind.text + " has kind " + kind.code + ", and this library reads version " + VERSION + ".",
                    null);
        }
        if (block.getIntLE(16) != blockBytes || block.getIntLE(20) != places || block.getLongLE(24) != tableBlocks) {
            throw new DiskException(
                    "The " + kind.text + " on " + name + " was made for a device of another size, or other sectors.",
                    null,
                    null);
        }
        if (block.getLongLE(32) != diskBlocks || block.getIntLE(40) != baseSample) {
            throw new DiskException(
                    "The snapshot on " + name + " is not one of " + baseName + ", or that has changed since.",
                    "A base is never written as long as it has snapshots.",
                    "the base that it was made of");
        }
    }

    private static int crc(ByteBuf block) {
        byte[] bytes = new byte[CRC_AT];
        block.getBytes(0, bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    /** A checksum over the first and the last block of a base, and some in between. */
    int sample(Disk base, ByteBuf block) {
        CRC32C crc = new CRC32C();
        byte[] bytes = new byte[blockBytes];
        for (int i = 0; i < SAMPLES; i++) {
            base.read((diskBlocks - 1) * i / (SAMPLES - 1) * blockBytes, block, 0, blockBytes);
            block.getBytes(0, bytes);
            crc.update(bytes, 0, bytes.length);
        }
        return (int) crc.getValue();
    }
}
