/** Drivers for virtio devices, the same over every transport. */
package io.uk4j.virtio.driver;
