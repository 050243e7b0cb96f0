/**
 * Virtio (VIRTIO 1.3): virtqueues, as the driver and as the device see them. No native call. Transports and drivers are not here
 * yet.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.virtio {
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;

    exports io.uk4j.virtio;
    exports io.uk4j.virtio.queue;
}
