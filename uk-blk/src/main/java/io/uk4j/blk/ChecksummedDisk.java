package io.uk4j.blk;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;

/**
 * A disk that notices when what is read is not what was written: each block of 4096 bytes (or the sector below, if that is larger) has a
 * CRC32C in a table, which has checksums of its own. A block that is not as it was written is an error, never wrong data; that a block has an
 * old state, or lies where another should, shows as well, since the table says what belongs where. What does not show is a write to the table
 * itself that the disk said it did, and lost: when it is opened again, the table leads to what was there before. It is no protection from
 * someone who writes checksums, too.
 *
 * <p>Its sector is the block. A write never overwrites: it goes to a free place, of which one in 32 is kept, and what lay there before is free
 * after the next flush. What was never written reads as zeros. A discard does nothing. About 96 % of the device's capacity is left.
 *
 * <p>Memory: about 110 bytes for each block, of which 21 are a table on the device itself.
 *
 * <p>Crash consistency: what was flushed is there. A block that was written since holds what it held at the last flush or what a later write
 * gave it, as a whole, even if a sector below is smaller. Opening writes nothing, and damage is told from a crash at any time.
 *
 * <p>Thread rule: loop-owned. It owns the device below and closes it.
 */
public final class ChecksummedDisk extends MappedDisk {
    private ChecksummedDisk(DeviceContext context, BlockDevice device, Stored stored) {
        super(context, "+crc", null, device, stored);
    }

    /**
     * Makes a device an empty checksummed disk. Waits until it is done.
     *
     * @param context gives platform and counters
     * @param device loses what is on it; open afterwards
     * @param overwrite whether anything may be on it; else its first block must be blank
     * @throws DiskException if it is too small, something is on it, or it fails
     */
    public static void format(DeviceContext context, BlockDevice device, boolean overwrite) {
        format(context, MapLayout.checksummed(device.info()), null, device, overwrite);
    }

    /**
     * Opens a checksummed disk. Waits until the table was read.
     *
     * @param context gives platform and counters
     * @param device made by {@link #format}; not used by anyone else from now on
     * @throws DiskException if it holds no such disk, or a damaged one; it stays with the caller
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left; the device stays with the caller
     */
    public static ChecksummedDisk open(DeviceContext context, BlockDevice device) {
        MapLayout layout = MapLayout.checksummed(device.info());
        return new ChecksummedDisk(context, device, load(context, layout, null, device));
    }
}
