package io.uk4j.core.net;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Key;
import io.uk4j.core.internal.Scheme;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * Opens network devices by a specification such as {@code tap:uk0}: finds the {@link NetDeviceProvider} of its scheme by
 * {@link ServiceLoader} and hands it the address.
 *
 * <p>Thread rule: shared; the device belongs to the loop that owns the context's pool.
 */
public final class NetDevices {
    /** Which network device the appliance opens. Without a default: a device is chosen, not found. */
    public static final Key<String> DEVICE = Key.of(
            "uk.net.device",
            "SCHEME:ADDRESS, such as tap:uk0",
            "the network device that the appliance opens",
            NetDevices::nonEmpty);

    /** The appliance's own hardware address. */
    public static final Key<MacAddress> MAC = Key.of(
            "uk.net.mac",
            "a unicast Ethernet address, such as 02:00:5e:10:00:01",
            "the hardware address of the network device; without it the device has one of its own",
            NetDevices::unicast);

    private static final Scheme<NetDeviceProvider> SCHEMES = new Scheme<>(
            DEVICE.name(),
            Map.of(
                    "tap:NAME", "uk-platform-unix",
                    "gateway:HOSTPORT=PORT", "uk-gateway",
                    "vhost-user:PATH", "uk-vhost-user",
                    "virtio:N", "uk-platform-kvm"),
            NetDeviceProvider::scheme,
            NetDeviceProvider::usage);

    private NetDevices() {}

    /**
     * Opens the appliance's own device, the one that {@link #DEVICE uk.net.device} names, with each {@link NetDeviceLayer} of the
     * linked modules around it that wants to be, in the order of their class names, the last one outermost.
     *
     * @param context what the device may use
     * @return the device, to be closed by the caller on that loop
     * @throws ConfigException if there is no such device here, see {@link #open(DeviceContext, String)}, or a layer cannot do
     *     what the configuration asks of it
     * @throws io.uk4j.core.DeviceException if the device is missing, taken or not permitted
     * @throws java.util.ServiceConfigurationError if a provider or a layer cannot be loaded
     */
    public static NetDevice open(DeviceContext context) {
        NetDevice device = open(context, context.config().get(DEVICE));
        return layered(ServiceLoader.load(NetDeviceLayer.class), context, device);
    }

    static NetDevice layered(Iterable<NetDeviceLayer> layers, DeviceContext context, NetDevice device) {
        NetDevice outermost = device;
        try {
            List<NetDeviceLayer> ordered = new ArrayList<>();
            layers.forEach(ordered::add);
            ordered.sort(Comparator.comparing(layer -> layer.getClass().getName()));
            for (NetDeviceLayer layer : ordered) {
                outermost = layer.around(context, outermost);
            }
            return outermost;
        } catch (RuntimeException | Error e) {
            try {
                outermost.close();
            } catch (RuntimeException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    /**
     * Opens a device for the loop that owns the context's pool, without layers.
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
    public static NetDevice open(DeviceContext context, String spec) {
        return open(ServiceLoader.load(NetDeviceProvider.class), context, spec);
    }

    static NetDevice open(Iterable<NetDeviceProvider> providers, DeviceContext context, String spec) {
        return SCHEMES.choose(providers, spec).open(context, Scheme.address(spec));
    }

    /**
     * The counter of frames that a device drops for one reason, under the name that every device uses.
     *
     * @param registry where it hangs
     * @param device the device's name
     * @param reason in lower-case letters, digits and underscores
     */
    public static Counter dropCounter(Counters registry, String device, String reason) {
        return registry.with("device", device)
                .with("reason", reason)
                .counter("uk_net_frames_dropped_total", "Frames dropped, by reason.");
    }

    private static String nonEmpty(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty");
        }
        return text;
    }

    private static MacAddress unicast(String text) {
        MacAddress mac = MacAddress.parse(text);
        if (mac.isGroup() || mac.bits() == 0) {
            throw new IllegalArgumentException("not the address of one station");
        }
        return mac;
    }
}
