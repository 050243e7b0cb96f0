package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceProvider;
import io.uk4j.virtio.driver.VirtioBlock;
import io.uk4j.virtio.transport.VirtioSlot;

/** Virtio block devices of the machine: {@code virtio:N}, where N counts them from 0 on, in the order of {@link KvmPlatform#devices}. */
public final class VirtioBlockProvider implements BlockDeviceProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public VirtioBlockProvider() {}

    @Override
    public String scheme() {
        return "virtio";
    }

    @Override
    public String usage() {
        return "virtio:N";
    }

    /**
     * Starts the device.
     *
     * @throws io.uk4j.core.DeviceException if the machine has no such device, or it cannot be used
     * @throws io.uk4j.core.config.ConfigException if the address is no number
     */
    @Override
    public BlockDevice open(DeviceContext context, String address) {
        return VirtioBlock.open(
                context, Slots.open(context, VirtioSlot.BLOCK, "blk", address), "block" + Slots.number(address));
    }
}
