package io.uk4j.core.net;

import io.uk4j.core.DeviceContext;

/**
 * Puts a device of its own around the one that an appliance opens: a capture, a filter, a fault. Found by {@link
 * java.util.ServiceLoader}, so an application gets it by a dependency; the module's own keys say whether it does anything. Where
 * it does nothing, it costs nothing.
 *
 * <p>Thread rule: called once for each device, on the loop that will own it.
 */
public interface NetDeviceLayer {
    /**
     * The device to be used in the place of another.
     *
     * @param context what the device was opened with
     * @param device the device, which the returned one owns and closes; stays with the caller if this throws
     * @return the device itself if the configuration asks for nothing
     * @throws io.uk4j.core.config.ConfigException if what the configuration asks for cannot be had
     */
    NetDevice around(DeviceContext context, NetDevice device);
}
