package io.uk4j.blk;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceProvider;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Key;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Disks in memory: {@code ram:SIZE}, such as {@code ram:64M}, in sectors of 512 bytes. Each that is opened is a new one, empty.
 *
 * <p>Thread rule: shared.
 */
public final class RamDiskProvider implements BlockDeviceProvider {
    private static final int SECTOR_BYTES = 512;
    private static final Key<Long> SIZE =
            Key.size(BlockDevices.DEVICE.name(), SECTOR_BYTES, 1L << 40, "the size of a RAM disk");

    private final AtomicInteger opened = new AtomicInteger();

    /** Called by {@link java.util.ServiceLoader}. */
    public RamDiskProvider() {}

    @Override
    public String scheme() {
        return "ram";
    }

    @Override
    public String usage() {
        return "ram:SIZE";
    }

    /**
     * Makes a disk of zeros.
     *
     * @throws ConfigException if the address is not a size of whole sectors
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left
     */
    @Override
    public BlockDevice open(DeviceContext context, String address) {
        long bytes;
        try {
            bytes = SIZE.parse(address);
        } catch (IllegalArgumentException e) {
            throw malformed(address, String.valueOf(e.getMessage()));
        }
        if (bytes % SECTOR_BYTES != 0) {
            throw malformed(address, "not whole sectors of " + SECTOR_BYTES + " bytes");
        }
        return RamDisk.create(context, "ram" + opened.getAndIncrement(), SECTOR_BYTES, bytes);
    }

    private static ConfigException malformed(String address, String reason) {
        return new ConfigException(
                "ram:" + address + " does not name a disk: " + reason + ".",
                "ram: and " + SIZE.allowed() + ".",
                BlockDevices.DEVICE + "=ram:64M",
                null);
    }
}
