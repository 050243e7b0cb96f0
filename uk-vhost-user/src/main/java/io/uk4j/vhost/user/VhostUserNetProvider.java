package io.uk4j.vhost.user;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;
import io.uk4j.virtio.driver.VirtioNet;

/**
 * Network devices in another process: {@code vhost-user:PATH}, where PATH is the socket that a back end listens at, such as DPDK's
 * {@code net_vhost} or the vswitch of the examples.
 *
 * <p>The hardware address is {@code uk.net.mac}, else a new one at each start.
 */
public final class VhostUserNetProvider implements NetDeviceProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public VhostUserNetProvider() {}

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
    public NetDevice open(DeviceContext context, String address) {
        int mtuBytes = context.config().get(VhostUserKeys.MTU);
        return VirtioNet.open(
                context, Devices.transport(context, address, LocalConfig.network(mtuBytes)), Devices.name(address));
    }
}
