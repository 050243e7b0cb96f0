package io.uk4j.net.pcap;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceLayer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a {@link TappedNetDevice} around the appliance's network device where {@link PcapKeys#FILE uk.pcap.file} is set. Where
 * it is not, the device is used as it is, and nothing of this module is in the way of a frame.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class PcapLayer implements NetDeviceLayer {
    private static final Logger LOG = LoggerFactory.getLogger(PcapLayer.class);

    /** Called by {@link java.util.ServiceLoader}. */
    public PcapLayer() {}

    /**
     * Begins the capture that the configuration asks for.
     *
     * @throws ConfigException if the file cannot be made or written
     */
    @Override
    public NetDevice around(DeviceContext context, NetDevice device) {
        Config config = context.config();
        // A configuration that was put together by hand may know nothing of captures.
        if (!config.keys().contains(PcapKeys.FILE) || config.find(PcapKeys.FILE).isEmpty()) {
            return device;
        }
        Path file = config.get(PcapKeys.FILE);
        long limitBytes = config.get(PcapKeys.BYTES);
        PcapWriter capture;
        try {
            capture = PcapWriter.to(file, Math.toIntExact(config.get(PcapKeys.SNAPLEN)), limitBytes);
        } catch (UncheckedIOException e) {
            throw new ConfigException(
                    PcapKeys.FILE + "=" + file + " (" + config.origin(PcapKeys.FILE) + ") cannot be written: "
                            + Objects.requireNonNull(e.getCause()).getMessage() + '.',
                    "Allowed: a file in a directory that can be written to, with room; in a sealed image one below /tmp.",
                    PcapKeys.FILE + "=/tmp/net.pcap",
                    e);
        }
        LOG.info("{} is captured into {}, up to {} bytes", device.info().name(), file, limitBytes);
        return new TappedNetDevice(device, context.platform().clock(), context.counters(), capture);
    }
}
