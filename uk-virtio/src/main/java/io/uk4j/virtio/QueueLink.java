package io.uk4j.virtio;

import io.uk4j.core.WaitSource;

/**
 * The two notifications of one connected virtqueue.
 *
 * <p>Thread rule: loop-owned.
 */
public interface QueueLink {
    /** Tells the device that the queue has something new (VIRTIO 1.3, section 2.9.1). */
    void kick();

    /** What ends a wait when the device tells that it has used something; the same for as long as the transport is open. */
    WaitSource source();
}
