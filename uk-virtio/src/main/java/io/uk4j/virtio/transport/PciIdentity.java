package io.uk4j.virtio.transport;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.Registers;

/** Who a PCI function is (VIRTIO 1.3, section 4.1.2). */
final class PciIdentity {
    // The header of every function (PCI 3.0, section 6.1).
    static final int VENDOR_ID = 0x00;
    static final int DEVICE_ID = 0x02;
    static final int COMMAND = 0x04;
    static final int STATUS = 0x06;
    static final int SUBSYSTEM_ID = 0x2e;
    static final int CAPABILITY_POINTER = 0x34;

    static final int COMMAND_BUS_MASTER = 1 << 2;
    static final int COMMAND_INTX_DISABLE = 1 << 10;
    static final int STATUS_CAPABILITIES = 1 << 4;

    private static final int VIRTIO_VENDOR = 0x1af4;
    private static final int FIRST_TRANSITIONAL = 0x1000;
    private static final int FIRST_MODERN = 0x1040;
    private static final int LAST_MODERN = 0x107f;
    private static final int NOBODY = 0xffff;

    private PciIdentity() {}

    /** The virtio type of a function; 0 if it is none. */
    static int deviceType(Registers configuration) {
        if (configuration.read16(VENDOR_ID) != VIRTIO_VENDOR) {
            return 0;
        }
        int device = configuration.read16(DEVICE_ID);
        if (device < FIRST_TRANSITIONAL || device > LAST_MODERN) {
            return 0;
        }
        // Of a transitional device the subsystem is the type (section 4.1.2.3).
        return device >= FIRST_MODERN ? device - FIRST_MODERN : configuration.read16(SUBSYSTEM_ID);
    }

    static boolean isTransitional(Registers configuration) {
        return configuration.read16(DEVICE_ID) < FIRST_MODERN;
    }

    /** Throws unless the function is a virtio device of a type. */
    static void require(PciFunction function, int type) {
        Registers configuration = function.configuration();
        int vendor = configuration.read16(VENDOR_ID);
        if (vendor == NOBODY) {
            throw new DeviceException(
                    function.name() + " is not there: its configuration space reads as ones.", null, null);
        }
        int found = deviceType(configuration);
        if (found != type) {
            String device = Integer.toHexString(configuration.read16(DEVICE_ID));
            throw new DeviceException(
                    function.name() + " (" + Integer.toHexString(vendor) + ":" + device + ") is "
                            + (found == 0 ? "no virtio device" : "a virtio device of type " + found) + ", where type "
                            + type + " is looked for.",
                    "Types are those of VIRTIO 1.3, section 5.",
                    null);
        }
    }
}
