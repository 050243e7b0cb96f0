package io.uk4j.vhost.user;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceProvider;
import io.uk4j.core.config.ConfigException;
import io.uk4j.virtio.driver.VirtioBlock;

/**
 * Block devices in another process: {@code vhost-user:PATH}, where PATH is the socket that a back end listens at, such as
 * qemu-storage-daemon's {@code vhost-user-blk} export.
 */
public final class VhostUserBlockProvider implements BlockDeviceProvider {

    /** Created by {@link java.util.ServiceLoader}. */
    public VhostUserBlockProvider() {}

    @Override
    public String scheme() {
        return "vhost-user";
    }

    @Override
    public String usage() {
        return "vhost-user:PATH";
    }

    /**
     * Connects to a back end and starts its device.
     *
     * @throws io.uk4j.core.DeviceException if the platform's memory cannot be shared, nobody listens at the path, it is not
     *     permitted, or the back end cannot be used
     * @throws ConfigException if the path is empty
     */
    @Override
    public BlockDevice open(DeviceContext context, String address) {
        return VirtioBlock.open(
                context, Devices.transport(context, address, LocalConfig.block()), Devices.name(address));
    }
}
