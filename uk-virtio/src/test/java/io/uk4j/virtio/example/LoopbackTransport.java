package io.uk4j.virtio.example;

import io.uk4j.core.Pages;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.queue.GuestMemory;
import io.uk4j.virtio.queue.QueueAreas;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A device with one queue in the same process: what it does with a chain is up to the test. Hand it to the driver's pages first. */
final class LoopbackTransport implements VirtioTransport {
    private final long offered;
    private final SignalSource used = new SignalSource();
    private final SignalSource events = new SignalSource();
    private final List<GuestMemory.Region> regions = new ArrayList<>();
    private @Nullable DeviceQueue queue;
    private long accepted;
    int kicks;
    int resets;
    int pendingEvents;
    boolean started;

    LoopbackTransport(long offered) {
        this.offered = offered;
    }

    /** Shares memory with the device. */
    Pages share(Pages pages) {
        regions.add(new GuestMemory.Region(pages.deviceAddress(), pages.segment()));
        return pages;
    }

    DeviceQueue queue() {
        return Objects.requireNonNull(queue, "the queue is not connected");
    }

    @Override
    public String name() {
        return "loopback:";
    }

    @Override
    public void reset() {
        resets++;
        started = false;
        queue = null;
    }

    @Override
    public long offeredFeatures() {
        return offered;
    }

    @Override
    public void accept(long features) {
        accepted = features;
    }

    @Override
    public long config(int offset, int bytes) {
        return 0;
    }

    @Override
    public int queueLimit(int number) {
        return number == 0 ? 64 : 0;
    }

    @Override
    public QueueLink connect(int number, QueueAreas areas) {
        queue = DeviceQueue.create(areas, accepted, GuestMemory.of(regions), 0);
        return new QueueLink() {
            @Override
            public void kick() {
                kicks++;
            }

            @Override
            public WaitSource source() {
                return used;
            }
        };
    }

    @Override
    public void start() {
        started = true;
    }

    @Override
    public int pollEvents() {
        int happened = pendingEvents;
        pendingEvents = 0;
        return happened;
    }

    @Override
    public WaitSource source() {
        return events;
    }

    @Override
    public void close() {
        started = false;
    }
}
