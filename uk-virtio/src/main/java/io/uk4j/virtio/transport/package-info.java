/** Transports over registers: what a platform hands over of a virtio device that it found, and what drivers reach it by. */
package io.uk4j.virtio.transport;
