package io.uk4j.virtio.example;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.ValueLayout.OfInt;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes durable what was written to a persistent-memory device (VIRTIO 1.3, section 5.19): a driver as small as they get. */
public final class PmemFlush implements Duty, AutoCloseable {
    private static final OfInt INT = OfInt.JAVA_INT.withOrder(LITTLE_ENDIAN);
    private static final int QUEUE = 0;
    private static final int QUEUE_SIZE = 16;
    private static final long WANTED = Features.VERSION_1 | Features.RING_PACKED | Features.EVENT_IDX;

    // For each chain: the request, which the device reads, and behind it the response, which it writes.
    private static final int RESPONSE_AT = Integer.BYTES;
    private static final int SLOT_BYTES = 2 * Integer.BYTES;

    private final PageSource pages;
    private final VirtioTransport transport;
    private final long features;
    private final Pages ring;
    private final Pages slots;
    private final Virtqueue queue;
    private final @Nullable Consumer<Boolean>[] completions;
    private QueueLink link;

    /** Starts a device; the transport is closed with it. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public PmemFlush(PageSource pages, VirtioTransport transport) {
        this.pages = pages;
        this.transport = transport;
        transport.reset();
        features = transport.offeredFeatures() & WANTED;
        if (!Features.has(features, Features.VERSION_1)) {
            throw new DeviceException(transport.name() + " is a device of before VIRTIO 1.0.", null, null);
        }
        int size = Math.min(QUEUE_SIZE, transport.queueLimit(QUEUE));
        ring = pages.allocate(Virtqueue.bytes(size, features), pages.pageBytes());
        slots = pages.allocate((long) size * SLOT_BYTES, pages.pageBytes());
        queue = Virtqueue.create(size, features, ring);
        completions = new Consumer[size];
        link = begin();
    }

    /** What is done after each reset (section 3.1.1). */
    private QueueLink begin() {
        transport.accept(features);
        queue.reset();
        QueueLink connected = transport.connect(QUEUE, queue.areas());
        transport.start();
        return connected;
    }

    /** Asks for a flush; false if there are as many under way as the queue has room for. The completion is told whether it succeeded. */
    public boolean flush(Consumer<Boolean> completion) {
        if (queue.space() < 2) {
            return false;
        }
        int slot = queue.nextId() * SLOT_BYTES;
        slots.segment().set(INT, slot, 0); // VIRTIO_PMEM_REQ_TYPE_FLUSH
        queue.add(slots.deviceAddress() + slot, Integer.BYTES, false);
        queue.add(slots.deviceAddress() + slot + RESPONSE_AT, Integer.BYTES, true);
        completions[queue.end()] = completion;
        queue.publish();
        if (queue.needsKick()) {
            link.kick();
        }
        return true;
    }

    @Override
    public int poll(long nowNs) {
        int count = 0;
        try {
            for (int id = queue.poll(); id != Virtqueue.NONE; id = queue.poll()) {
                if (queue.usedBytes() != Integer.BYTES) {
                    throw new VirtioException(Violation.PROTOCOL, "A response of " + queue.usedBytes() + " bytes.");
                }
                complete(id, slots.segment().get(INT, (long) id * SLOT_BYTES + RESPONSE_AT) == 0);
                count++;
            }
        } catch (VirtioException _) {
            restart();
        }
        return count;
    }

    private void complete(int id, boolean success) {
        Consumer<Boolean> completion = Objects.requireNonNull(completions[id]);
        completions[id] = null;
        completion.accept(success);
    }

    /** The one answer to a device that broke the rules or asks for it: what it had has failed, and it begins again. */
    private void restart() {
        transport.reset();
        link = begin();
        for (int id = 0; id < completions.length; id++) {
            if (completions[id] != null) {
                complete(id, false);
            }
        }
    }

    @Override
    public boolean arm() {
        if ((transport.pollEvents() & VirtioTransport.NEEDS_RESET) != 0) {
            restart();
            return true;
        }
        return queue.arm();
    }

    @Override
    public void close() {
        transport.close();
        pages.release(ring);
        pages.release(slots);
    }
}
