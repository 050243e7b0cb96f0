package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.VirtioTransport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtio device that is a PCI function (VIRTIO 1.3, section 4.1).
 *
 * <p>The platform has found the function, given addresses to its BARs, mapped them and let the function decode them (command
 * register, bits 0 and 1). It leaves bus mastering, the INTx disable bit, and the MSI-X capability with its table to the transport:
 * bus mastering is off until the device was reset, since firmware may leave a device running, and again once it is closed.
 *
 * <p>Thread rule: immutable, as far as the parts are.
 *
 * @param name what messages call it, such as {@code pci:00:03.0}
 * @param configuration its configuration space, 256 bytes or 4 KiB, with accesses of 8, 16 and 32 bits
 * @param bars the registers behind its BARs, by the number of each; null where there is none, or in the place of the upper half of
 *     a 64-bit one. One in port space is as good as one in memory. At most 6
 * @param messages what the platform gives it of MSI-X: one for configuration changes and one for each queue is best, one for all
 *     is enough; empty where the platform has no messages
 * @param line its INTx line, used where messages cannot be; null if it is not routed
 */
public record PciFunction(
        String name,
        Registers configuration,
        List<@Nullable Registers> bars,
        List<MessageInterrupt> messages,
        @Nullable Interrupt line)
        implements VirtioSlot {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if there are more than 6 BARs, or the configuration space has less than 256 bytes
     */
    public PciFunction {
        if (bars.size() > 6 || configuration.sizeBytes() < 256) {
            throw new IllegalArgumentException(name + " has " + bars.size() + " BARs and " + configuration.sizeBytes()
                    + " bytes of configuration space; a function has up to 6, and 256.");
        }
        bars = Collections.unmodifiableList(new ArrayList<>(bars));
        messages = List.copyOf(messages);
    }

    @Override
    public int deviceType() {
        return PciIdentity.deviceType(configuration);
    }

    @Override
    public VirtioTransport open(int deviceType, Clock clock, long timeoutNs) {
        return new PciTransport(this, deviceType, clock, timeoutNs);
    }
}
