package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.virtio.VirtioTransport;

/**
 * A place on a bus where a platform found a virtio device: the type that it gives for {@link
 * io.uk4j.core.Platform#devices}, in a stable order. To find out what is there changes nothing there; a driver does what follows:
 *
 * <pre>
 * VirtioTransport transport = slot.open(VirtioSlot.NETWORK, platform.clock(), timeoutNs);
 * NetDevice device = VirtioNet.open(context, transport, "net0");
 * </pre>
 *
 * <p>Thread rule: shared; what it opens is loop-owned, and a slot is open once at a time.
 */
public sealed interface VirtioSlot permits PciFunction, MmioDevice {
    /** Device type of a network device (VIRTIO 1.3, section 5). */
    int NETWORK = 1;

    /** Device type of a block device. */
    int BLOCK = 2;

    /** Device type of a console. */
    int CONSOLE = 3;

    /** Device type of an entropy source. */
    int ENTROPY = 4;

    /** What messages call the place, such as {@code pci:00:03.0} or {@code mmio:0xfeb00e00}. */
    String name();

    /**
     * The type of the device that is there (VIRTIO 1.3, section 5), read from it now; 0 if there is none or it is no virtio device.
     * A legacy device has its type, too, so that whoever opens it is told what is wrong with it.
     */
    int deviceType();

    /**
     * Makes the transport to the device. It touches nothing before its {@link VirtioTransport#reset}, which throws a {@link
     * io.uk4j.core.DeviceException} if nobody or another type of device is there, if it is a legacy one, or if it has no interrupt
     * that the platform can deliver, and a {@link io.uk4j.virtio.VirtioException} if the device breaks the rules, or does not stop
     * within the time-out.
     *
     * @param deviceType what the driver is for
     * @param clock the platform's
     * @param timeoutNs how long the device may take for a reset, more than 0; the loop stands still meanwhile
     */
    VirtioTransport open(int deviceType, Clock clock, long timeoutNs);
}
