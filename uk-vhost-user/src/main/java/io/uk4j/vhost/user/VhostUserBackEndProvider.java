package io.uk4j.vhost.user;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;
import io.uk4j.core.net.NetDevices;
import io.uk4j.platform.unix.UnixPlatform;

/**
 * The other side of {@code vhost-user:PATH}: {@code vhost-user-backend:PATH} listens at a socket, and whoever connects to it
 * has a virtio network device whose far end is this one.
 */
public final class VhostUserBackEndProvider implements NetDeviceProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public VhostUserBackEndProvider() {}

    @Override
    public String scheme() {
        return "vhost-user-backend";
    }

    @Override
    public String usage() {
        return "vhost-user-backend:PATH";
    }

    /**
     * Listens at a socket; does not wait for a front end.
     *
     * @throws DeviceException if the platform is not unix in its Linux mode, somebody listens at the path already, or it is not
     *     permitted
     * @throws ConfigException if the path is empty
     */
    @Override
    public NetDevice open(DeviceContext context, String address) {
        Devices.requirePath(scheme(), address);
        if (!(context.platform() instanceof UnixPlatform unix) || unix.isPortable()) {
            throw new DeviceException(
                    "vhost-user-backend:" + address + " cannot be opened on this platform.",
                    "It needs the platform unix on Linux, not in portable mode.",
                    null);
        }
        MacAddress mac = context.config()
                .find(NetDevices.MAC)
                .orElseGet(() -> MacAddress.locallyAdministered(
                        context.platform().entropy().nextLong()));
        return new NetBackEnd(
                context, address, Devices.name(address), mac, context.config().get(VhostUserKeys.MTU));
    }
}
