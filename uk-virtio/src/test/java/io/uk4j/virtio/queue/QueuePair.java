package io.uk4j.virtio.queue;

import io.uk4j.core.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Both sides of one queue over memory of their own, and memory for what is transferred. */
final class QueuePair {
    static final long RING_ADDRESS = 0x7000_0000L;
    static final long DATA_ADDRESS = 0x1_0000_0000L;
    static final int DATA_BYTES = 1 << 20;

    final MemorySegment ring;
    final MemorySegment data = Arena.ofAuto().allocate(DATA_BYTES, 64);
    final GuestMemory guest;
    final Virtqueue driver;
    DeviceQueue device;
    private final long features;

    QueuePair(int size, long features) {
        this.features = features;
        ring = Arena.ofAuto().allocate(Virtqueue.bytes(size, features), 4096);
        guest = GuestMemory.of(
                List.of(new GuestMemory.Region(RING_ADDRESS, ring), new GuestMemory.Region(DATA_ADDRESS, data)));
        driver = Virtqueue.create(size, features, new Pages(ring, RING_ADDRESS, null));
        device = DeviceQueue.create(driver.areas(), features, guest, 0);
    }

    /** The device begins anew, as after a reset of both. */
    void reset() {
        driver.reset();
        device = DeviceQueue.create(driver.areas(), features, guest, 0);
    }

    /** Makes a chain of one range available. */
    int offer(int length, boolean writable) {
        driver.add(DATA_ADDRESS, length, writable);
        int id = driver.end();
        driver.publish();
        return id;
    }

    /** The device takes a chain and gives it back. */
    void serve(int written) {
        device.complete(device.next(), written);
        device.publish();
    }
}
