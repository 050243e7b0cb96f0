package io.uk4j.core.block;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Key;
import io.uk4j.core.internal.Scheme;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * Opens block devices by a specification such as {@code file:disk.img}: finds the {@link BlockDeviceProvider} of its scheme by
 * {@link ServiceLoader} and hands it the address.
 *
 * <p>Thread rule: shared; the device belongs to the loop that owns the context's pool.
 */
public final class BlockDevices {
    /** Which block device the appliance opens. Without a default: a device is chosen, not found. */
    public static final Key<String> DEVICE = Key.of(
            "uk.block.device",
            "SCHEME:ADDRESS, such as file:disk.img",
            "the block device that the appliance opens",
            BlockDevices::nonEmpty);

    private static final Scheme<BlockDeviceProvider> SCHEMES = new Scheme<>(
            DEVICE.name(),
            Map.of(
                    "file:PATH",
                    "uk-platform-unix",
                    "vhost-user:PATH",
                    "uk-vhost-user",
                    "virtio:N",
                    "uk-platform-kvm",
                    "ram:SIZE",
                    "uk-blk"),
            BlockDeviceProvider::scheme,
            BlockDeviceProvider::usage);

    private BlockDevices() {}

    /**
     * Opens a device for the loop that owns the context's pool.
     *
     * @param context what the device may use
     * @param spec the scheme, a colon, and what the scheme's provider takes as an address; without a colon the address
     *     is empty
     * @return the device, to be closed by the caller on that loop
     * @throws ConfigException if no provider has the scheme (the message lists those that there are, and the dependency
     *     that brings others), several have it, or the address cannot be understood
     * @throws io.uk4j.core.DeviceException if the device is missing, taken or not permitted
     * @throws java.util.ServiceConfigurationError if a provider cannot be loaded
     */
    public static BlockDevice open(DeviceContext context, String spec) {
        return open(ServiceLoader.load(BlockDeviceProvider.class), context, spec);
    }

    static BlockDevice open(Iterable<BlockDeviceProvider> providers, DeviceContext context, String spec) {
        return SCHEMES.choose(providers, spec).open(context, Scheme.address(spec));
    }

    private static String nonEmpty(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty");
        }
        return text;
    }
}
