package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.VirtioTransport;

/**
 * A virtio device with registers in memory (VIRTIO 1.3, section 4.2), found by a device tree, the command line or ACPI.
 *
 * <p>Thread rule: immutable, as far as the parts are.
 *
 * @param name what messages call it, such as {@code mmio:0xfeb00e00}
 * @param registers its window, 256 bytes and its configuration; mapped uncached
 * @param interrupt its line
 */
public record MmioDevice(String name, Registers registers, Interrupt interrupt) implements VirtioSlot {
    @Override
    public int deviceType() {
        return MmioTransport.deviceType(registers);
    }

    @Override
    public VirtioTransport open(int deviceType, Clock clock, long timeoutNs) {
        return new MmioTransport(this, deviceType, clock, timeoutNs);
    }
}
