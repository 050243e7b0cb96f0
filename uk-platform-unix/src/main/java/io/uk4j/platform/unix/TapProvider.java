package io.uk4j.platform.unix;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;
import java.util.regex.Pattern;

/**
 * TAP interfaces of Linux: {@code tap:NAME}. The interface's other end is the host's own network stack, or a bridge.
 *
 * <p>An interface that exists and belongs to the user is attached to without privilege; one that does not exist is made,
 * where the process may, and goes away when the device is closed. It is opened in the network namespace of the process,
 * and stays open when somebody moves it to another.
 *
 * <p>The device's MTU is that of the interface when it was opened. Its own hardware address is {@code uk.net.mac}, else
 * one that is derived from the interface's, so that it stays the same for as long as the interface exists.
 */
public final class TapProvider implements NetDeviceProvider {
    /** What Linux takes (15 bytes at most), less what confuses shells and people. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,14}");

    /** Creates the provider; called by {@link java.util.ServiceLoader}. */
    public TapProvider() {}

    @Override
    public String scheme() {
        return "tap";
    }

    @Override
    public String usage() {
        return "tap:NAME";
    }

    /**
     * Opens an interface.
     *
     * @throws DeviceException if the platform is another or in portable mode; if there is no {@code /dev/net/tun}; if the
     *     interface is missing and may not be made, belongs to somebody else, is in use, or is not a TAP
     * @throws ConfigException if the name is not one of 1 to 15 letters, digits, dots, dashes and underscores
     */
    @Override
    public NetDevice open(DeviceContext context, String address) {
        if (!NAME.matcher(address).matches()) {
            throw new ConfigException(
                    "tap:" + address + " does not name a network interface.",
                    "A name has 1 to 15 letters, digits, dots, dashes and underscores.",
                    "uk.net.device=tap:uk0");
        }
        if (!(context.platform() instanceof UnixPlatform unix)) {
            throw new DeviceException(
                    "tap:" + address + " cannot be opened on the platform "
                            + context.platform().name() + ".",
                    "TAP interfaces need the platform unix on Linux.",
                    null);
        }
        if (unix.isPortable()) {
            throw new DeviceException(
                    "tap:" + address + " cannot be opened in portable mode.",
                    "TAP interfaces need Linux, and uk.unix.portable=auto or false there.",
                    "a device without privilege, such as uk.net.device=gateway:8080=80");
        }
        return TapOpener.open(context, address);
    }
}
