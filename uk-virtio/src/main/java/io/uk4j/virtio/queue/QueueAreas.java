package io.uk4j.virtio.queue;

/**
 * Where a virtqueue lies (VIRTIO 1.3, section 2.6), in addresses of the device.
 *
 * @param size how many entries it has: a power of two for a split queue, 1 to 32,768
 * @param descriptors the descriptor area, aligned to 16
 * @param driver the driver area: available ring or driver event suppression; aligned to 2 (split) or 4 (packed)
 * @param device the device area: used ring or device event suppression; aligned to 4
 */
public record QueueAreas(int size, long descriptors, long driver, long device) {}
