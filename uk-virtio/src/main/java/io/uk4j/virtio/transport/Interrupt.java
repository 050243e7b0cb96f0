package io.uk4j.virtio.transport;

import io.uk4j.core.WaitSource;

/**
 * One interrupt of a device, as the platform delivers it: a line (INTx of a PCI function, or that of an MMIO device) or a message
 * (MSI-X). The platform routes it to a processor, ends it there, counts it, and wakes whoever waits for it; what the device
 * meant by it is the transport's business.
 *
 * <p>A line may be shared by devices. Where it is level-triggered the platform masks it when it comes, since the device goes on
 * asserting it until it is acknowledged, and {@link #unmask} tells that it was. An edge-triggered one needs no masking.
 *
 * <p>Thread rule: {@link #count} is shared; the others are for the loop that owns the device.
 */
public interface Interrupt {
    /** What ends a wait when it comes; the same for as long as the device is used. */
    WaitSource source();

    /**
     * How many times it has come so far, modulo 2^64; never touches the device. It has grown when a wait that {@link #source}
     * ended returns. Whoever sees it unchanged need not ask the device what happened, which would cost an exit to the hypervisor.
     */
    long count();

    /** Lets a line that was masked when it came, and has been acknowledged at the device since, come again. Else does nothing. */
    void unmask();
}
