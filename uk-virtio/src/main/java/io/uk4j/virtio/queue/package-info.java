/** Virtqueues, split and packed, seen from the driver and from the device (VIRTIO 1.3, sections 2.6 to 2.8). */
package io.uk4j.virtio.queue;
