package io.uk4j.virtio.driver;

import java.util.Map;

/** Feature bits, configuration fields and request types of the block device (VIRTIO 1.3, sections 5.2.3, 5.2.4 and 5.2.6). */
final class BlockFeatures {
    static final long SIZE_MAX = 1L << 1;
    static final long SEG_MAX = 1L << 2;
    static final long GEOMETRY = 1L << 4;
    static final long RO = 1L << 5;
    static final long BLK_SIZE = 1L << 6;
    static final long FLUSH = 1L << 9;
    static final long MQ = 1L << 12;
    static final long DISCARD = 1L << 13;
    static final long WRITE_ZEROES = 1L << 14;

    static final int CONFIG_CAPACITY = 0;
    static final int CONFIG_SIZE_MAX = 8;
    static final int CONFIG_SEG_MAX = 12;
    static final int CONFIG_CYLINDERS = 16;
    static final int CONFIG_HEADS = 18;
    static final int CONFIG_TRACK_SECTORS = 19;
    static final int CONFIG_BLK_SIZE = 20;
    static final int CONFIG_NUM_QUEUES = 34;
    static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;

    static final int IN = 0;
    static final int OUT = 1;
    static final int FLUSH_REQUEST = 4;
    static final int DISCARD_REQUEST = 11;
    static final int WRITE_ZEROES_REQUEST = 13;

    static final int STATUS_OK = 0;
    static final int STATUS_UNSUPPORTED = 2;

    /** The unit of capacity and of requests, whatever the block size. */
    static final int SECTOR_BYTES = 512;

    static final FeatureNames NAMES = new FeatureNames(Map.ofEntries(
            Map.entry(1, "size_max"),
            Map.entry(2, "seg_max"),
            Map.entry(4, "geometry"),
            Map.entry(5, "ro"),
            Map.entry(6, "blk_size"),
            Map.entry(9, "flush"),
            Map.entry(10, "topology"),
            Map.entry(11, "config_wce"),
            Map.entry(12, "mq"),
            Map.entry(13, "discard"),
            Map.entry(14, "write_zeroes"),
            Map.entry(15, "lifetime"),
            Map.entry(16, "secure_erase"),
            Map.entry(17, "zoned")));

    private BlockFeatures() {}
}
