package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import io.uk4j.virtio.transport.MessageInterrupt;
import java.util.ArrayList;
import java.util.List;

/** The interrupts of the devices that were found, to be given back together. Loop-owned, or guarded by its owner. */
final class DeviceInterrupts implements AutoCloseable {
    /**
     * How many messages all devices may have together: of all interrupts that there are, some are for loops, and for devices with lines.
     */
    static final int MESSAGE_LIMIT = 96;

    private final BootLayer boot;
    private final List<Integer> handles = new ArrayList<>();

    DeviceInterrupts(BootLayer boot) {
        this.boot = boot;
    }

    /**
     * Opens a message for a device.
     *
     * @throws DeviceException if it cannot be had; names the device
     */
    MessageInterrupt message(String device) {
        BootLayer.Line line = open(device, BootLayer.MESSAGE, 0);
        return new MessageInterrupt(new KvmInterrupt(boot, line.handle()), line.messageAddress(), line.messageData());
    }

    /**
     * Opens the line of a device, edge-triggered.
     *
     * @throws DeviceException if the machine has no such line, or another device has it; names the device
     */
    KvmInterrupt line(String device, int line) {
        return new KvmInterrupt(boot, open(device, BootLayer.LINE_EDGE, line).handle());
    }

    private BootLayer.Line open(String device, int kind, int line) {
        try {
            BootLayer.Line opened = boot.openInterrupt(kind, line);
            handles.add(opened.handle());
            return opened;
        } catch (PlatformException e) {
            throw new DeviceException(
                    device + ": " + e.getMessage(),
                    "Each device has an interrupt of its own that the machine has.",
                    "a machine without that device, or with fewer of them",
                    e);
        }
    }

    /** Gives all of them back. Closing twice has no further effect. */
    @Override
    public void close() {
        handles.forEach(boot::closeInterrupt);
        handles.clear();
    }
}
