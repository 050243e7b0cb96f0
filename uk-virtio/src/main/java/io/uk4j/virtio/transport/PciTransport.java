package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.queue.QueueAreas;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The transport to a PCI function (VIRTIO 1.3, section 4.1), by its modern interface alone.
 *
 * <p>Interrupts are messages where both sides have some: vector 0 for the configuration, and the others for queues in turn; with one
 * vector, or where the device refuses one for a queue (section 4.1.5.1.2), vector 0 stands for the queue, too. Without messages,
 * or if the device refuses vector 0, it is the line. What it came to is settled at the first reset and told by {@link #describe};
 * a device that comes back has to take the same.
 */
final class PciTransport extends RegisterTransport {
    private final PciFunction function;

    /** The vector of each queue, once connected. */
    private final Map<Integer, Integer> vectors = new TreeMap<>();

    private @Nullable PciCapabilities capabilities;
    private @Nullable Window common;

    /** How many vectors are used; 0 with the line, negative before the first reset. */
    private int vectorCount = -1;

    private String lineReason = "";

    PciTransport(PciFunction function, int deviceType, Clock clock, long timeoutNs) {
        super(function.name(), deviceType, clock, timeoutNs);
        this.function = function;
    }

    private PciCapabilities capabilities() {
        return Objects.requireNonNull(capabilities);
    }

    private Window common() {
        return Objects.requireNonNull(common);
    }

    @Override
    void find() {
        common = null;
        PciIdentity.require(function, expectedType());
        PciCapabilities read = PciCapabilities.read(function);
        capabilities = read;
        common = read.common();
    }

    @Override
    boolean isFound() {
        return common != null;
    }

    @Override
    int readStatus() {
        int status = common().read8(PciLayout.DEVICE_STATUS);
        return status == 0xff ? -1 : status;
    }

    @Override
    void writeStatus(int status) {
        common().write8(PciLayout.DEVICE_STATUS, status);
    }

    /** Before this the device may not write to memory: it may have been left running by whoever had it before. */
    @Override
    void prepareInterrupts() {
        if (vectorCount != 0) {
            prepareMessages();
        }
        if (vectorCount == 0 && function.line() == null) {
            throw new DeviceException(
                    at() + " has no interrupt: " + lineReason + ", and its line is not routed.",
                    "A function is handed over with messages, a line, or both.",
                    null);
        }
        int command = function.configuration().read16(PciIdentity.COMMAND) | PciIdentity.COMMAND_BUS_MASTER;
        function.configuration()
                .write16(
                        PciIdentity.COMMAND,
                        vectorCount > 0
                                ? command | PciIdentity.COMMAND_INTX_DISABLE
                                : command & ~PciIdentity.COMMAND_INTX_DISABLE);
    }

    private void prepareMessages() {
        MsixTable table = capabilities().msix();
        int usable = Math.min(function.messages().size(), table == null ? 0 : table.usableVectors());
        if (table == null || usable == 0) {
            settle(
                    0,
                    table == null
                            ? "the device has no messages"
                            : table.usableVectors() == 0
                                    ? "the device's table of messages is not mapped"
                                    : "the platform has no messages for it");
            return;
        }
        int count = vectorCount > 0 ? vectorCount : usable;
        if (count > usable) {
            throw violation(
                    "came back with a table of " + usable + " messages, fewer than the " + count + " that it had.");
        }
        table.enable(function.messages().subList(0, count));
        common().write16(PciLayout.CONFIG_MSIX_VECTOR, 0);
        if (common().read16(PciLayout.CONFIG_MSIX_VECTOR) == 0) {
            settle(count, "");
        } else {
            table.disable();
            settle(0, "the device refuses messages");
        }
    }

    private void settle(int count, String reason) {
        if (vectorCount > 0 && count == 0) {
            throw violation("took messages before, and now it does not: " + reason + ".");
        }
        vectorCount = count;
        lineReason = reason;
    }

    private Interrupt vector(int number) {
        return function.messages().get(number).interrupt();
    }

    private Interrupt line() {
        return Objects.requireNonNull(function.line());
    }

    @Override
    int deviceFeatures(int word) {
        common().write32(PciLayout.DEVICE_FEATURE_SELECT, word);
        return common().read32(PciLayout.DEVICE_FEATURE);
    }

    @Override
    void driverFeatures(int word, int bits) {
        common().write32(PciLayout.DRIVER_FEATURE_SELECT, word);
        common().write32(PciLayout.DRIVER_FEATURE, bits);
    }

    @Override
    int configGeneration() {
        return common().read8(PciLayout.CONFIG_GENERATION);
    }

    @Override
    Window deviceConfig() {
        return capabilities().device();
    }

    @Override
    int selectQueue(int queue) {
        common().write16(PciLayout.QUEUE_SELECT, queue);
        int size = common().read16(PciLayout.QUEUE_SIZE);
        if (size <= LARGEST_QUEUE && Integer.bitCount(size) > 1 && !Features.has(offered(), Features.RING_PACKED)) {
            throw violation("has a queue " + queue + " of " + size
                    + " entries, which is not a power of two (section 4.1.4.3.1).");
        }
        return size;
    }

    @Override
    QueueLink enableQueue(int queue, QueueAreas areas) {
        requireIdle(queue, common().read16(PciLayout.QUEUE_ENABLE));
        common().write16(PciLayout.QUEUE_SIZE, areas.size());
        common().writeHalves(PciLayout.QUEUE_DESC, areas.descriptors());
        common().writeHalves(PciLayout.QUEUE_DRIVER, areas.driver());
        common().writeHalves(PciLayout.QUEUE_DEVICE, areas.device());
        WaitSource source = vectorCount > 0 ? vector(mapVector(queue)).source() : line().source();
        Window doorbell = capabilities().doorbell(queue, common().read16(PciLayout.QUEUE_NOTIFY_OFF));
        common().write16(PciLayout.QUEUE_ENABLE, 1);
        return new Link(doorbell.registers(), doorbell.start(), queue, source);
    }

    /** Gives a queue the vector that it had before, or one of its own, or else that of the configuration. */
    private int mapVector(int queue) {
        Integer before = vectors.get(queue);
        int wanted = before != null ? before : vectorCount == 1 ? 0 : 1 + queue % (vectorCount - 1);
        if (!takesVector(wanted)) {
            if (before != null || wanted == 0 || !takesVector(0)) {
                throw violation("refuses vector " + wanted + " for queue " + queue
                        + (before != null ? ", which it took before." : ", and vector 0, too."));
            }
            wanted = 0;
        }
        vectors.put(queue, wanted);
        return wanted;
    }

    private boolean takesVector(int vector) {
        common().write16(PciLayout.QUEUE_MSIX_VECTOR, vector);
        return common().read16(PciLayout.QUEUE_MSIX_VECTOR) == vector;
    }

    @Override
    Interrupt configInterrupt() {
        return vectorCount > 0 ? vector(0) : line();
    }

    /**
     * The status of the line is read, which acknowledges it (section 4.1.4.5). Of messages nothing tells what they were about but
     * their vector: the generation of the configuration changes only when it is read (section 4.1.4.3.1).
     */
    @Override
    int acknowledgeInterrupt(boolean came) {
        if (vectorCount > 0) {
            return came ? DeviceStatus.CONFIG_CAUSE : 0;
        }
        return capabilities().isr().read8(0);
    }

    /** What does not stop is kept from memory, at least. */
    @Override
    void release(boolean stopped) {
        Registers configuration = function.configuration();
        int command = configuration.read16(PciIdentity.COMMAND);
        configuration.write16(
                PciIdentity.COMMAND, (command | PciIdentity.COMMAND_INTX_DISABLE) & ~PciIdentity.COMMAND_BUS_MASTER);
        PciCapabilities read = capabilities;
        MsixTable table = read == null ? null : read.msix();
        if (table != null && vectorCount > 0) {
            table.disable();
        }
    }

    @Override
    public String describe() {
        if (vectorCount < 0) {
            return "pci";
        }
        if (vectorCount == 0) {
            return "pci, interrupts by its line: " + lineReason;
        }
        StringBuilder text = new StringBuilder("pci, interrupts by messages: vector 0 for the configuration");
        vectors.forEach((queue, vector) ->
                text.append(", ").append(vector).append(" for queue ").append(queue));
        return text.toString();
    }

    /** A queue has a doorbell of its own, and perhaps a vector. */
    private record Link(Registers registers, long doorbell, int queue, WaitSource source) implements QueueLink {
        @Override
        public void kick() {
            registers.write16(doorbell, queue);
        }
    }
}
