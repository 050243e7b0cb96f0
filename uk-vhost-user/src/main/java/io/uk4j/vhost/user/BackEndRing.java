package io.uk4j.vhost.user;

import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.queue.QueueAreas;
import org.jspecify.annotations.Nullable;

/** One queue as a front end describes it, message by message, and as it is used once it is complete. */
final class BackEndRing {
    private int size;
    private int base;
    private long descriptors;
    private long driver;
    private long device;
    private boolean hasAddresses;
    private boolean enabled;
    private @Nullable EventDescriptor kick;
    private @Nullable EventDescriptor call;
    private @Nullable DeviceQueue queue;

    void size(int entries) {
        checkStopped();
        size = entries;
    }

    void base(int newBase) {
        checkStopped();
        base = newBase;
    }

    /** Sets where the parts lie, in addresses of the front end's process. */
    void addresses(long newDescriptors, long newDriver, long newDevice) {
        checkStopped();
        descriptors = newDescriptors;
        driver = newDriver;
        device = newDevice;
        hasAddresses = true;
    }

    /** Whether the queue was started, enabled or not: it lies in the memory that is shared. */
    boolean isStarted() {
        return queue != null;
    }

    private void checkStopped() {
        if (isStarted()) {
            throw new VirtioException(Violation.PROTOCOL, "A queue is changed while it is in use.");
        }
    }

    void enable(boolean on) {
        enabled = on;
    }

    /** Takes a new source of kicks; returns the old one, which the caller closes. */
    @Nullable
    EventDescriptor kick(@Nullable EventDescriptor event) {
        EventDescriptor old = kick;
        kick = event;
        return old;
    }

    void call(@Nullable EventDescriptor event) {
        close(call);
        call = event;
    }

    /** The queue, if it is in use: it was started and is enabled. */
    @Nullable
    DeviceQueue queue() {
        return enabled ? queue : null;
    }

    /** The queue, if it was started, enabled or not: what was taken from it can be given back. */
    @Nullable
    DeviceQueue startedQueue() {
        return queue;
    }

    /** Begins to use the queue, when all of it is known. */
    void start(BackEndMemory memory, long features) {
        if (queue == null && size > 0 && hasAddresses) {
            QueueAreas areas = new QueueAreas(
                    size, memory.guestAddress(descriptors), memory.guestAddress(driver), memory.guestAddress(device));
            queue = DeviceQueue.create(areas, features, memory.guest(), base);
        }
    }

    /** Lets go of the queue; says where it stands. */
    int stop() {
        DeviceQueue used = queue;
        if (used != null) {
            base = used.base();
            queue = null;
        }
        return base;
    }

    /** Notifies the driver of what was completed, if it wants to know. */
    void call() {
        DeviceQueue used = queue;
        EventDescriptor event = call;
        if (used != null && event != null && used.needsCall()) {
            event.signal();
        }
    }

    void close() {
        queue = null;
        close(kick);
        close(call);
        kick = null;
        call = null;
    }

    private static void close(@Nullable EventDescriptor event) {
        if (event != null) {
            event.close();
        }
    }
}
