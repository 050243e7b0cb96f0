package io.uk4j.blk;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;

/**
 * A disk that begins as a copy of another, the base, and keeps what is written to it on a third, the delta. The base is never written; a
 * delta that is thrown away is a rollback, and one base can have many.
 *
 * <p>Its sector is the block of copying: 4096 bytes, or the larger of the sectors below. A write never overwrites: it goes to a free
 * block of the delta, so there must be room for what is written between two flushes besides what has been written at all. If there is
 * none, writes fail, and everything that was accepted stays. A discard does nothing. What lies on the delta has checksums, as that of a
 * {@link ChecksummedDisk}.
 *
 * <p>Memory: about 110 bytes for each block of the delta, of which 21 are a table on the delta itself.
 *
 * <p>Crash consistency: what was flushed is there. A block that was written since holds what it held at the last flush or what a later write
 * gave it, as a whole, even if a sector below is smaller. Opening writes nothing.
 *
 * <p>Thread rule: loop-owned. It owns base and delta and closes them.
 */
public final class Snapshot extends MappedDisk {
    private Snapshot(DeviceContext context, BlockDevice base, BlockDevice delta, Stored stored) {
        super(context, "+snapshot", base, delta, stored);
    }

    /**
     * Makes a device the delta of a base: an empty one, after which the snapshot is as the base. Waits until it is done.
     *
     * @param context gives platform and counters
     * @param base only read; open afterwards, as the delta is
     * @param delta loses what is on it
     * @param overwrite whether anything may be on it; else its first block must be blank
     * @throws DiskException if the sizes do not fit, something is on the delta, or a device fails
     */
    public static void format(DeviceContext context, BlockDevice base, BlockDevice delta, boolean overwrite) {
        format(context, MapLayout.snapshot(base.info(), delta.info()), base, delta, overwrite);
    }

    /**
     * Opens a snapshot. Waits until the table was read.
     *
     * @param context gives platform and counters
     * @param base as it was when the delta was formatted; not used by anyone else from now on
     * @param delta made by {@link #format}; not used by anyone else from now on
     * @throws DiskException if there is no snapshot on the delta, it is one of another base, or is damaged; the devices stay with the caller
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left; the devices stay with the caller
     */
    public static Snapshot open(DeviceContext context, BlockDevice base, BlockDevice delta) {
        MapLayout layout = MapLayout.snapshot(base.info(), delta.info());
        return new Snapshot(context, base, delta, load(context, layout, base, delta));
    }
}
