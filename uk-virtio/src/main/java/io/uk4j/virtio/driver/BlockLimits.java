package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.VirtioTransport;

/**
 * What a block device's configuration says (VIRTIO 1.3, section 5.2.4), checked.
 *
 * @param sectors how many sectors of 512 bytes it has
 * @param blockBytes its block, a power of two of 512 bytes or more
 * @param segmentBytes the most bytes of one range of memory
 * @param segments the most ranges of memory of one request
 * @param discardSectors the most sectors of one discard; 0 if it cannot discard
 * @param zeroSectors the most sectors of one write of zeros; 0 if it has no such request
 */
record BlockLimits(
        long sectors, int blockBytes, long segmentBytes, int segments, long discardSectors, long zeroSectors) {
    private static final int LONGEST_BYTES = 1 << 30;

    static BlockLimits read(VirtioTransport transport, Negotiation negotiation) {
        long sectors = transport.config(BlockFeatures.CONFIG_CAPACITY, 8);
        if (sectors < 0 || sectors > Long.MAX_VALUE / BlockFeatures.SECTOR_BYTES) {
            throw wrong(transport, "a capacity of " + Long.toUnsignedString(sectors) + " sectors");
        }
        long blockBytes = field(transport, negotiation, BlockFeatures.BLK_SIZE, BlockFeatures.CONFIG_BLK_SIZE, 512);
        if (blockBytes < BlockFeatures.SECTOR_BYTES || blockBytes > 1 << 20 || Long.bitCount(blockBytes) != 1) {
            throw wrong(transport, "a block of " + blockBytes + " bytes");
        }
        long segmentBytes =
                field(transport, negotiation, BlockFeatures.SIZE_MAX, BlockFeatures.CONFIG_SIZE_MAX, LONGEST_BYTES);
        if (segmentBytes == 0) {
            // qemu-storage-daemon offers the feature and fills nothing in.
            segmentBytes = LONGEST_BYTES;
        }
        if (segmentBytes < blockBytes) {
            throw wrong(transport, "a longest segment of " + segmentBytes + " bytes, less than a block");
        }
        long segments = field(transport, negotiation, BlockFeatures.SEG_MAX, BlockFeatures.CONFIG_SEG_MAX, 1 << 16);
        if (segments < 1) {
            throw wrong(transport, "room for no segment");
        }
        long blockSectors = blockBytes / BlockFeatures.SECTOR_BYTES;
        long discard =
                field(transport, negotiation, BlockFeatures.DISCARD, BlockFeatures.CONFIG_MAX_DISCARD_SECTORS, 0);
        long zeroes = field(
                transport, negotiation, BlockFeatures.WRITE_ZEROES, BlockFeatures.CONFIG_MAX_WRITE_ZEROES_SECTORS, 0);
        // What is less than a block is of no use.
        return new BlockLimits(
                sectors,
                (int) blockBytes,
                Math.min(segmentBytes, LONGEST_BYTES) & -blockBytes,
                (int) Math.min(segments, 1 << 16),
                discard / blockSectors * blockSectors,
                zeroes / blockSectors * blockSectors);
    }

    private static long field(
            VirtioTransport transport, Negotiation negotiation, long feature, int offset, long otherwise) {
        return negotiation.has(feature) ? transport.config(offset, 4) : otherwise;
    }

    private static DeviceException wrong(VirtioTransport transport, String what) {
        return new DeviceException(transport.name() + " says to have " + what + ".", null, null);
    }

    /** What an operator is told of the geometry, which is of no use to anybody else; empty without one. */
    static String geometry(VirtioTransport transport, Negotiation negotiation) {
        if (!negotiation.has(BlockFeatures.GEOMETRY)) {
            return "";
        }
        return transport.config(BlockFeatures.CONFIG_CYLINDERS, 2) + " cylinders, "
                + transport.config(BlockFeatures.CONFIG_HEADS, 1) + " heads, "
                + transport.config(BlockFeatures.CONFIG_TRACK_SECTORS, 1) + " sectors, ";
    }
}
