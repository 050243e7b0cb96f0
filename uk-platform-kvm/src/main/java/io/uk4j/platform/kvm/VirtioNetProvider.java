package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;
import io.uk4j.virtio.driver.VirtioNet;
import io.uk4j.virtio.transport.VirtioSlot;

/** Virtio network devices of the machine: {@code virtio:N}, where N counts them from 0 on, in the order of {@link KvmPlatform#devices}. */
public final class VirtioNetProvider implements NetDeviceProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public VirtioNetProvider() {}

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
    public NetDevice open(DeviceContext context, String address) {
        return VirtioNet.open(
                context, Slots.open(context, VirtioSlot.NETWORK, "net", address), "net" + Slots.number(address));
    }
}
