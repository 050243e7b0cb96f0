/**
 * Virtio (VIRTIO 1.3): virtqueues, as the driver and as the device see them, the drivers of network and block devices, consoles
 * and entropy sources over any transport, and the transports over PCI and MMIO. No native call.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.virtio {
    requires transitive io.uk4j.core;
    requires io.uk4j.mm;
    requires static transitive org.jspecify;

    exports io.uk4j.virtio;
    exports io.uk4j.virtio.driver;
    exports io.uk4j.virtio.queue;
    exports io.uk4j.virtio.transport;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.virtio.driver.VirtioKeys;
}
