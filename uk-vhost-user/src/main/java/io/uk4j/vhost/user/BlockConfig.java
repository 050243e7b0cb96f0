package io.uk4j.vhost.user;

import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.virtio.Features;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a block device is told to be to a front end (VIRTIO 1.3, sections 5.2.3 to 5.2.6). */
final class BlockConfig {
    /** The unit of capacity and of requests, whatever the block size. */
    static final int SECTOR_BYTES = 512;

    /** The most ranges of memory of one request, besides header and status. */
    static final int SEGMENTS = 126;

    static final int IN = 0;
    static final int OUT = 1;
    static final int FLUSH = 4;
    static final int GET_ID = 8;
    static final int DISCARD = 11;
    static final int WRITE_ZEROES = 13;

    static final byte OK = 0;
    static final byte IO_ERROR = 1;
    static final byte UNSUPPORTED = 2;

    static final int HEADER_BYTES = 16;
    static final int ID_BYTES = 20;
    static final int RANGE_BYTES = 16;

    private static final long F_SEG_MAX = 1L << 2;
    private static final long F_RO = 1L << 5;
    private static final long F_BLK_SIZE = 1L << 6;
    private static final long F_FLUSH = 1L << 9;
    private static final long F_MQ = 1L << 12;
    private static final long F_DISCARD = 1L << 13;
    private static final long F_WRITE_ZEROES = 1L << 14;

    private static final int CONFIG_BYTES = 60;
    private static final int RANGE_SECTORS_LIMIT = 1 << 22;

    private BlockConfig() {}

    static long features(BlockDeviceInfo info) {
        long features = Features.VERSION_1
                | Features.INDIRECT_DESC
                | Features.EVENT_IDX
                | Features.RING_PACKED
                | F_SEG_MAX
                | F_BLK_SIZE
                | F_FLUSH
                | F_MQ;
        if (info.readOnly()) {
            return features | F_RO;
        }
        return features | F_WRITE_ZEROES | (info.discard() ? F_DISCARD : 0);
    }

    static byte[] bytes(BlockDeviceInfo info, int queues) {
        ByteBuffer config = ByteBuffer.allocate(CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int blockSectors = info.sectorBytes() / SECTOR_BYTES;
        int longest = RANGE_SECTORS_LIMIT / blockSectors * blockSectors;
        config.putLong(0, info.capacityBytes() / SECTOR_BYTES);
        config.putInt(12, SEGMENTS);
        config.putInt(20, info.sectorBytes());
        config.putShort(34, (short) queues);
        config.putInt(36, info.discard() ? longest : 0);
        config.putInt(40, info.discard() ? 1 : 0);
        config.putInt(44, blockSectors);
        config.putInt(48, longest);
        config.putInt(52, 1);
        return config.array();
    }
}
