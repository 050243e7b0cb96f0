package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.queue.QueueAreas;

/**
 * The transport to a device with registers in memory (VIRTIO 1.3, section 4.2), version 2.
 *
 * <p>A device that does not stop cannot be kept from memory here: nothing stands between it and the bus. That is logged.
 */
final class MmioTransport extends RegisterTransport {
    // Section 4.2.2. All of them are accessed with 32 bits.
    static final int MAGIC_VALUE = 0x000;
    static final int VERSION = 0x004;
    static final int DEVICE_ID = 0x008;
    static final int DEVICE_FEATURES = 0x010;
    static final int DEVICE_FEATURES_SEL = 0x014;
    static final int DRIVER_FEATURES = 0x020;
    static final int DRIVER_FEATURES_SEL = 0x024;
    static final int QUEUE_SEL = 0x030;
    static final int QUEUE_NUM_MAX = 0x034;
    static final int QUEUE_NUM = 0x038;
    static final int QUEUE_READY = 0x044;
    static final int QUEUE_NOTIFY = 0x050;
    static final int INTERRUPT_STATUS = 0x060;
    static final int INTERRUPT_ACK = 0x064;
    static final int STATUS = 0x070;
    static final int QUEUE_DESC = 0x080;
    static final int QUEUE_DRIVER = 0x090;
    static final int QUEUE_DEVICE = 0x0a0;
    static final int CONFIG_GENERATION = 0x0fc;
    static final int CONFIG = 0x100;

    static final int MAGIC = 0x7472_6976;

    /** How often an interrupt may be asserted again while it is being acknowledged, before the next look for events goes on. */
    static final int ACKNOWLEDGEMENTS = 4;

    private static final int CAUSES = DeviceStatus.QUEUE_CAUSE | DeviceStatus.CONFIG_CAUSE;

    private final Registers registers;
    private final Interrupt interrupt;
    private final Window config;
    private boolean found;

    MmioTransport(MmioDevice device, int deviceType, Clock clock, long timeoutNs) {
        super(device.name(), deviceType, clock, timeoutNs);
        registers = device.registers();
        interrupt = device.interrupt();
        config = new Window(registers, CONFIG, Math.max(0, registers.sizeBytes() - CONFIG));
    }

    /** The type of the device behind registers; 0 if there is none (section 4.2.3.1.1). */
    static int deviceType(Registers registers) {
        return registers.sizeBytes() >= CONFIG && registers.read32(MAGIC_VALUE) == MAGIC
                ? registers.read32(DEVICE_ID)
                : 0;
    }

    @Override
    void find() {
        found = false;
        if (registers.sizeBytes() < CONFIG) {
            throw new DeviceException(
                    at() + " has " + registers.sizeBytes() + " bytes of registers.",
                    "A virtio device has 256 bytes and its configuration (VIRTIO 1.3, section 4.2.2).",
                    null);
        }
        int magic = registers.read32(MAGIC_VALUE);
        if (magic == -1) {
            throw gone();
        }
        if (magic != MAGIC) {
            throw new DeviceException(
                    at() + " is no virtio device: its magic value is 0x" + Integer.toHexString(magic) + ".",
                    "It is 0x" + Integer.toHexString(MAGIC) + " (VIRTIO 1.3, section 4.2.2).",
                    null);
        }
        int version = registers.read32(VERSION);
        if (version != 2) {
            throw new DeviceException(
                    at() + " is a virtio device of version " + Integer.toUnsignedString(version)
                            + (version == 1 ? ", a legacy one." : "."),
                    "Version 2 is what VIRTIO 1.0 to 1.3 describe.",
                    version == 1 ? "QEMU's -global virtio-mmio.force-legacy=false" : null);
        }
        int type = registers.read32(DEVICE_ID);
        if (type != expectedType()) {
            throw new DeviceException(
                    at() + " is a virtio device of type " + type + ", not " + expectedType() + ".",
                    "Types are those of VIRTIO 1.3, section 5; 0 is a place without a device.",
                    null);
        }
        found = true;
    }

    @Override
    boolean isFound() {
        return found;
    }

    @Override
    int readStatus() {
        return registers.read32(STATUS);
    }

    @Override
    void writeStatus(int status) {
        registers.write32(STATUS, status);
    }

    @Override
    void prepareInterrupts() {
        // There is nothing to choose; a reset clears what is pending.
    }

    @Override
    int deviceFeatures(int word) {
        registers.write32(DEVICE_FEATURES_SEL, word);
        return registers.read32(DEVICE_FEATURES);
    }

    @Override
    void driverFeatures(int word, int bits) {
        registers.write32(DRIVER_FEATURES_SEL, word);
        registers.write32(DRIVER_FEATURES, bits);
    }

    @Override
    int configGeneration() {
        return registers.read32(CONFIG_GENERATION);
    }

    @Override
    Window deviceConfig() {
        return config;
    }

    @Override
    int selectQueue(int queue) {
        registers.write32(QUEUE_SEL, queue);
        return registers.read32(QUEUE_NUM_MAX);
    }

    @Override
    QueueLink enableQueue(int queue, QueueAreas areas) {
        requireIdle(queue, registers.read32(QUEUE_READY));
        registers.write32(QUEUE_NUM, areas.size());
        write64(QUEUE_DESC, areas.descriptors());
        write64(QUEUE_DRIVER, areas.driver());
        write64(QUEUE_DEVICE, areas.device());
        registers.write32(QUEUE_READY, 1);
        int ready = registers.read32(QUEUE_READY);
        if (ready == -1) {
            throw gone();
        }
        if (ready != 1) {
            throw violation("does not take queue " + queue + ": it reads as " + ready + " after it was made ready.");
        }
        return new Link(queue);
    }

    private void write64(int offset, long value) {
        registers.write32(offset, (int) value);
        registers.write32(offset + 4, (int) (value >>> 32));
    }

    @Override
    Interrupt configInterrupt() {
        return interrupt;
    }

    /**
     * Goes on until nothing is pending: if the line is edge-triggered, a cause that came between the read and the write would
     * keep it asserted, and no edge would ever follow.
     */
    @Override
    int acknowledgeInterrupt(boolean came) {
        int all = 0;
        for (int i = 0; i < ACKNOWLEDGEMENTS; i++) {
            int pending = registers.read32(INTERRUPT_STATUS);
            if (pending == -1) {
                throw gone();
            }
            int causes = pending & CAUSES;
            if (causes == 0) {
                break;
            }
            registers.write32(INTERRUPT_ACK, causes);
            all |= causes;
        }
        return all;
    }

    @Override
    void release(boolean stopped) {
        // The line stays with the platform.
    }

    @Override
    public String describe() {
        return "mmio, interrupt by a line";
    }

    /** All queues share the line, and each has a doorbell that is the same register. */
    private final class Link implements QueueLink {
        private final int queue;

        Link(int queue) {
            this.queue = queue;
        }

        @Override
        public void kick() {
            registers.write32(QUEUE_NOTIFY, queue);
        }

        @Override
        public WaitSource source() {
            return interrupt.source();
        }
    }
}
