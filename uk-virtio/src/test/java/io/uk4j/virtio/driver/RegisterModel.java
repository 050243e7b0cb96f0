package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.QueueAreas;
import io.uk4j.virtio.transport.VirtioSlot;

/**
 * What a device shows in registers, whatever the bus: the status protocol, features and queues, with {@link ModelTransport} for the
 * device behind it. Written from the standard, not from the transports.
 */
abstract class RegisterModel {
    private static final int QUEUES = 9;

    /** A queue, as far as it is configured. */
    static final class Queue {
        int size;
        long descriptors;
        long driver;
        long device;
        int enabled;
        int vector = 0xffff;
    }

    final ModelTransport device;
    final Queue[] queues = new Queue[QUEUES];

    int status;
    int deviceFeatureSelect;
    int driverFeatureSelect;
    long driverFeatures;
    int queueSelect;

    /** Causes of an interrupt that were not acknowledged. */
    int causes;

    int generation;

    // What may be wrong with it.
    boolean neverLeavesReset;
    boolean changesForEver;
    boolean storms;

    /** What is read of the size of a queue, if not what is right; negative if it is. */
    int queueSize = -1;

    /** What a queue's enable register says after a reset. */
    int enabledAtReset;

    /** Whether registers that do not exist read as 0 and take writes, since the device has lied about where they are. */
    boolean forgiving;

    /** How many accesses there were. */
    int accesses;

    private boolean vanished;

    RegisterModel(ModelTransport device) {
        this.device = device;
        device.registers = this;
        clear();
    }

    /** The place at which the platform finds it. */
    abstract VirtioSlot slot();

    VirtioTransport open(int type, Clock clock) {
        return slot().open(type, clock, 100_000_000L);
    }

    /** Raises or lowers the line, or sends a message for a queue, or for the configuration if it is negative. */
    abstract void interrupt(int queue);

    /** Whether it reads as ones and takes no writes. */
    boolean isGone() {
        accesses++;
        return device.absent || vanished;
    }

    /** It is looked for: one that went away while it was being started is there again. */
    void lookedFor() {
        vanished = false;
    }

    void used(int queue) {
        causes |= 1;
        interrupt(queue);
    }

    void configChanged() {
        generation++;
        causes |= 2;
        interrupt(-1);
    }

    void acknowledge(int what) {
        if (!storms) {
            causes &= ~what;
        }
        interrupt(-1);
    }

    private void clear() {
        for (int i = 0; i < QUEUES; i++) {
            queues[i] = new Queue();
            queues[i].size = device.queueLimit(i);
            queues[i].enabled = enabledAtReset;
        }
        causes = 0;
        driverFeatures = 0;
    }

    int readStatus() {
        return status | ((device.pendingEvents & VirtioTransport.NEEDS_RESET) != 0 ? 64 : 0);
    }

    void writeStatus(int value) {
        if (value == 0) {
            if (!neverLeavesReset) {
                status = 0;
                device.reset();
                clear();
                interrupt(-1);
            }
            return;
        }
        if ((value & status) != status) {
            throw new AssertionError("The driver clears bits of the status: " + status + " to " + value + ".");
        }
        int told = value & ~status;
        status = value;
        if ((told & 8) != 0) {
            try {
                device.accept(driverFeatures);
            } catch (VirtioException _) {
                status &= ~8;
            }
        }
        if ((told & 4) != 0) {
            device.start();
        }
    }

    int deviceFeatures() {
        return deviceFeatureSelect > 1 ? 0 : (int) (device.offered >>> (32 * deviceFeatureSelect));
    }

    void driverFeatures(int bits) {
        long mask = 0xffff_ffffL << (32 * driverFeatureSelect);
        driverFeatures = (driverFeatures & ~mask) | (Integer.toUnsignedLong(bits) << (32 * driverFeatureSelect));
    }

    int generation() {
        return changesForEver ? ++generation : generation;
    }

    Queue queue() {
        return queues[queueSelect];
    }

    int queueSize() {
        return queueSelect >= QUEUES ? 0 : queueSize >= 0 ? queueSize : queue().size;
    }

    void enable(int value) {
        Queue queue = queue();
        queue.enabled = value;
        if (device.goesAwayAtConnect) {
            vanished = true;
        } else {
            device.connect(queueSelect, new QueueAreas(queue.size, queue.descriptors, queue.driver, queue.device));
        }
    }

    void doorbell(int queue) {
        if (queue >= QUEUES || queues[queue].enabled != 1) {
            throw new AssertionError("The driver rings for queue " + queue + ".");
        }
        device.kicked();
    }

    long config(int offset, int bytes) {
        return device.config(offset, bytes);
    }

    /** What was written last into the configuration, as offset and value. */
    void configWritten(int offset, int bytes, long value) {
        device.written.add(offset + ":" + bytes + ":" + value);
    }

    static long half(long value, boolean high, int written) {
        long bits = Integer.toUnsignedLong(written);
        return high ? (value & 0xffff_ffffL) | bits << 32 : (value & ~0xffff_ffffL) | bits;
    }
}
