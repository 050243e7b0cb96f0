package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Platform;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.sched.Loop;

/**
 * A block device for code that waits: each call returns when it is done.
 *
 * <p>Buffers are direct, and a device's own requirements hold for them. They belong to the disk for the time of the call. Calls cannot be
 * interrupted, since a device does not give a buffer back before it is done; an interrupt is kept for later.
 *
 * <p>Errors: each call throws {@link DiskException} if the device fails or was closed meanwhile, {@link IllegalArgumentException} if the
 * range is empty, not whole sectors or not on the disk, or would change a read-only disk, and {@link
 * io.uk4j.core.DeviceException} if the device is gone for good. After a failed write any part of the range may have been written.
 *
 * <p>Thread rule: that of the factory.
 */
public interface Disk extends AutoCloseable {
    /**
     * A disk for fibers and other threads, whose device a loop polls. Any number of callers may use it at once; requests of different callers
     * that overlap are in no order. On the loop's bare thread, which cannot wait, calls are an {@link IllegalStateException}. If the
     * loop ends, calls throw {@link io.uk4j.sched.LoopEndedException}, and what is under way ends when the device is closed.
     *
     * @param loop polls the device; the caller is on it or it is not yet running, or else this waits for it
     * @param device used by nobody else from now on
     */
    static Disk on(Loop loop, BlockDevice device) {
        return LoopDisk.attach(loop, device);
    }

    /**
     * A disk for one thread, which polls the device itself while it waits: for opening and preparing disks. While it waits nothing
     * else happens on that thread. A device that does nothing for a minute is closed, and the call fails.
     *
     * @param platform gives clock and waiter
     * @param device used by nobody else from now on
     */
    static Disk polled(Platform platform, BlockDevice device) {
        return new PolledDisk(platform, device);
    }

    /** What the device is. */
    BlockDeviceInfo info();

    /**
     * Reads.
     *
     * @param offsetBytes where on the disk, whole sectors
     * @param target where to, a direct buffer, whose indices do not move
     * @param index where in it
     * @param length how much, whole sectors
     */
    void read(long offsetBytes, ByteBuf target, int index, int length);

    /**
     * Writes. It is durable when a {@link #flush} called afterwards has returned.
     *
     * @param offsetBytes where on the disk, whole sectors
     * @param source where from, a direct buffer, whose indices do not move
     * @param index where in it
     * @param length how much, whole sectors
     */
    void write(long offsetBytes, ByteBuf source, int index, int length);

    /** Makes durable every write that returned before. */
    void flush();

    /**
     * Makes a range read as zeros.
     *
     * @param offsetBytes where on the disk, whole sectors
     * @param lengthBytes how much, whole sectors
     */
    void writeZeroes(long offsetBytes, long lengthBytes);

    /**
     * Says that a range's contents are of no use any more.
     *
     * @param offsetBytes where on the disk, whole sectors
     * @param lengthBytes how much, whole sectors
     */
    void discard(long offsetBytes, long lengthBytes);

    /** Gives the device back, open, for another use; nothing may be under way, and this disk is of no use any more. */
    BlockDevice detach();

    /** Closes the device. What is under way fails, and what was not flushed may be lost. Closing twice has no further effect. */
    @Override
    void close();
}
