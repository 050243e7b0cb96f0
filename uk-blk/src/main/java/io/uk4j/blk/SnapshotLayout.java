package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockDeviceInfo;
import java.util.zip.CRC32C;

/**
 * How a delta is laid out, in blocks: the superblock, the table, the data. The superblock never changes; it says which base the delta is
 * for, by its size and a checksum over samples of it.
 *
 * @param blockBytes the unit of copying
 * @param baseBlocks how many blocks the base has
 * @param dataBlocks how many blocks there are for data
 * @param tableBlocks how many blocks the table takes
 */
record SnapshotLayout(int blockBytes, long baseBlocks, int dataBlocks, int tableBlocks) {
    private static final int BLOCK_BYTES = 4096;
    private static final long MAGIC = 0x7061_6e73_6a34_6b75L; // "uk4jsnap"
    private static final int VERSION = 1;
    private static final int CRC_AT = 44;
    private static final int SAMPLES = 16;

    /** The most blocks that a table in one buffer can describe. */
    private static final long DATA_BLOCKS_LIMIT =
            (long) Integer.MAX_VALUE / SnapshotMap.PIECE_BYTES * SnapshotMap.ENTRIES / 2;

    static SnapshotLayout of(BlockDeviceInfo base, BlockDeviceInfo delta) {
        int block = Math.max(BLOCK_BYTES, Math.max(base.sectorBytes(), delta.sectorBytes()));
        if (base.sectors() == 0 || base.capacityBytes() % block != 0) {
            throw new DiskException(
                    base.name() + " has " + base.capacityBytes() + " bytes.",
                    "The base of a snapshot is a whole number of blocks of " + block + " bytes.",
                    "truncate -s %" + block + ", if it is a file");
        }
        long blocks = delta.capacityBytes() / block;
        // Of n blocks behind the superblock, one for the table has room for this many of data.
        long perTableBlock = (long) block / SnapshotMap.PIECE_BYTES * SnapshotMap.ENTRIES;
        long table = (blocks - 1 + perTableBlock) / (perTableBlock + 1);
        long data = blocks - 1 - table;
        if (data < 1 || data > DATA_BLOCKS_LIMIT) {
            throw new DiskException(
                    delta.name() + " has " + delta.capacityBytes() + " bytes.",
                    "A delta has from " + 3L * block + " to " + DATA_BLOCKS_LIMIT * block + " bytes.",
                    null);
        }
        return new SnapshotLayout(block, base.capacityBytes() / block, (int) data, (int) table);
    }

    int tableBytes() {
        return tableBlocks * blockBytes;
    }

    long tableOffset() {
        return blockBytes;
    }

    long dataOffset(int block) {
        return (1L + tableBlocks + block) * blockBytes;
    }

    /** Fills a block with the superblock. */
    void put(ByteBuf block, int baseSample) {
        block.setZero(0, blockBytes);
        block.setLongLE(0, MAGIC);
        block.setIntLE(8, VERSION);
        block.setIntLE(12, blockBytes);
        block.setLongLE(16, baseBlocks);
        block.setLongLE(24, dataBlocks);
        block.setLongLE(32, tableBlocks);
        block.setIntLE(40, baseSample);
        block.setIntLE(CRC_AT, crc(block));
    }

    /** Checks the superblock of a delta against what it should be. */
    void check(ByteBuf block, int baseSample, String baseName, String deltaName) {
        if (block.getLongLE(0) != MAGIC) {
            throw new DiskException(
                    deltaName + " holds no snapshot.", null, "Snapshot.format, if what is on it is of no use");
        }
        if (block.getIntLE(CRC_AT) != crc(block)) {
            throw new DiskException("The superblock of the snapshot on " + deltaName + " is damaged.", null, null);
        }
        if (block.getIntLE(8) != VERSION) {
            throw new DiskException(
                    "The snapshot on " + deltaName + " has version " + block.getIntLE(8) + ".",
                    "This library reads version " + VERSION + ".",
                    null);
        }
        if (block.getIntLE(12) != blockBytes
                || block.getLongLE(24) != dataBlocks
                || block.getLongLE(32) != tableBlocks) {
            throw new DiskException(
                    "The snapshot on " + deltaName + " was made for a device of another size, or other sectors.",
                    null,
                    null);
        }
        if (block.getLongLE(16) != baseBlocks || block.getIntLE(40) != baseSample) {
            throw new DiskException(
                    "The snapshot on " + deltaName + " is not one of " + baseName + ", or that has changed since.",
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
            base.read((baseBlocks - 1) * i / (SAMPLES - 1) * blockBytes, block, 0, blockBytes);
            block.getBytes(0, bytes);
            crc.update(bytes, 0, bytes.length);
        }
        return (int) crc.getValue();
    }
}
