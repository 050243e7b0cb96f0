package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.config.Config;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The memory of one device's queues, and of what belongs to them, to be given back all at once. */
final class QueueMemory implements AutoCloseable {
    private static final int LINE_BYTES = 64;

    private final PageSource source;
    private final List<Pages> pages = new ArrayList<>();

    QueueMemory(PageSource source) {
        this.source = source;
    }

    Pages allocate(long bytes) {
        Pages piece = source.allocate(bytes, LINE_BYTES);
        pages.add(piece);
        return piece;
    }

    /**
     * Makes a queue as large as configured, or as the device allows.
     *
     * @throws DeviceException if the device has no such queue, or one that is too small to be of use
     */
    Virtqueue queue(VirtioTransport transport, int number, Config config, long features) {
        return queue(transport, number, config.get(VirtioKeys.QUEUE_SIZE), features);
    }

    /** Makes a queue of a size, or as large as the device allows; throws as the other one does. */
    Virtqueue queue(VirtioTransport transport, int number, int wantedSize, long features) {
        int limit = transport.queueLimit(number);
        if (limit < 4) {
            throw new DeviceException(
                    transport.name() + " has "
                            + (limit == 0 ? "no queue " + number : "a queue of " + limit + " entries") + ".",
                    "The driver needs queues of 4 entries or more.",
                    null);
        }
        int size = Math.min(wantedSize, Integer.highestOneBit(limit));
        return Virtqueue.create(size, features, allocate(Virtqueue.bytes(size, features)));
    }

    /** Whether a device that came back takes a queue as large as it did: if not, why it is of no use. */
    static @Nullable DeviceException changed(VirtioTransport transport, int number, Virtqueue queue) {
        int limit = transport.queueLimit(number);
        return limit >= queue.size()
                ? null
                : new DeviceException(
                        transport.name() + " came back with queue " + number + " of " + limit
                                + " entries, fewer than the " + queue.size() + " that it had.",
                        null,
                        "restart the appliance, or the device as it was");
    }

    /** Gives all of it back. The device must have stopped. */
    @Override
    public void close() {
        pages.forEach(source::release);
        pages.clear();
    }
}
