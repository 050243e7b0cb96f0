package io.uk4j.virtio.transport;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The structures of a virtio device, as its capability list tells where they lie (VIRTIO 1.3, section 4.1.4); all of it is read
 * once and checked. Of each kind the first one is taken that the platform can reach. The window through configuration space
 * (section 4.1.4.9) is passed over: a function whose BARs are not mapped is of no use to a driver that is in a hurry.
 */
final class PciCapabilities {
    private static final int VENDOR_SPECIFIC = 0x09;
    private static final int MSIX = 0x11;

    private static final int COMMON = 1;
    private static final int NOTIFY = 2;
    private static final int ISR = 3;
    private static final int DEVICE = 4;

    // struct virtio_pci_cap, and what follows it in that of the doorbells.
    private static final int LENGTH = 2;
    private static final int TYPE = 3;
    private static final int BAR = 4;
    private static final int BAR_OFFSET = 8;
    private static final int BAR_LENGTH = 12;
    private static final int MULTIPLIER = 16;
    private static final int CAPABILITY_BYTES = 16;
    private static final int NOTIFY_BYTES = 20;

    private static final int FIRST = 0x40;
    private static final int CONFIGURATION_BYTES = 256;

    /** Every capability takes 4 bytes or more of what follows the header, so that a longer list is a loop. */
    private static final int LONGEST_LIST = (CONFIGURATION_BYTES - FIRST) / 4;

    private static final List<String> KINDS = List.of(
            "", "the common configuration", "the doorbells", "the interrupt status", "the device's configuration");

    private final PciFunction function;
    private final Registers configuration;
    private final Map<Integer, Window> windows = new TreeMap<>();
    private final StringBuilder unreachable = new StringBuilder();
    private long multiplier;
    private @Nullable MsixTable msix;
    private boolean anyVirtio;

    private PciCapabilities(PciFunction function) {
        this.function = function;
        configuration = function.configuration();
    }

    /**
     * Reads the list.
     *
     * @throws VirtioException if the list loops or leaves the configuration space, or a structure does not fit where it is said
     *     to lie
     * @throws DeviceException if the device is a legacy one, or lacks a structure that can be reached
     */
    static PciCapabilities read(PciFunction function) {
        PciCapabilities found = new PciCapabilities(function);
        found.walk();
        found.requireAll();
        return found;
    }

    private void walk() {
        if ((configuration.read16(PciIdentity.STATUS) & PciIdentity.STATUS_CAPABILITIES) == 0) {
            return;
        }
        int at = configuration.read8(PciIdentity.CAPABILITY_POINTER) & ~3;
        for (int i = 0; at != 0; i++) {
            if (i == LONGEST_LIST) {
                throw violation("has a list of capabilities that loops.");
            }
            if (at < FIRST) {
                throw violation("has a capability at 0x" + Integer.toHexString(at)
                        + " of its configuration space, within the header.");
            }
            int idAndNext = configuration.read16(at);
            switch (idAndNext & 0xff) {
                case VENDOR_SPECIFIC -> structure(at);
                case MSIX -> {
                    if (msix == null) {
                        msix = new MsixTable(function, at);
                    }
                }
                default -> {
                    // Power management and the like are the platform's.
                }
            }
            at = idAndNext >>> 8 & ~3;
        }
    }

    private void structure(int at) {
        if (at + CAPABILITY_BYTES > CONFIGURATION_BYTES) {
            throw violation(
                    "has a capability at 0x" + Integer.toHexString(at) + " that leaves the configuration space.");
        }
        int type = configuration.read8(at + TYPE);
        int bar = configuration.read8(at + BAR);
        // Kinds and BARs that are reserved are passed over (section 4.1.4.1).
        if (type < COMMON || type > DEVICE || bar > 5 || windows.containsKey(type)) {
            return;
        }
        anyVirtio = true;
        int needed = type == NOTIFY ? NOTIFY_BYTES : CAPABILITY_BYTES;
        if (configuration.read8(at + LENGTH) < needed || at + needed > CONFIGURATION_BYTES) {
            throw violation("has a capability for " + KINDS.get(type) + " of less than " + needed + " bytes.");
        }
        Registers registers = bar < function.bars().size() ? function.bars().get(bar) : null;
        if (registers == null) {
            unreachable
                    .append(' ')
                    .append(KINDS.get(type))
                    .append(" lies in BAR ")
                    .append(bar)
                    .append(", which is not mapped;");
            return;
        }
        windows.put(type, window(at, type, bar, registers));
        if (type == NOTIFY) {
            multiplier = Integer.toUnsignedLong(configuration.read32(at + MULTIPLIER));
        }
    }

    /** A length may be larger than is of use (section 4.1.4.1), but what is needed must lie in the BAR. */
    private Window window(int at, int type, int bar, Registers registers) {
        long offset = Integer.toUnsignedLong(configuration.read32(at + BAR_OFFSET));
        long length = Integer.toUnsignedLong(configuration.read32(at + BAR_LENGTH));
        long needed = PciLayout.neededBytes(type);
        long usable = Math.min(length, registers.sizeBytes() - offset);
        if (usable < needed) {
            throw violation("has " + KINDS.get(type) + " in " + length + " bytes at " + offset + " of BAR " + bar
                    + ", which has " + registers.sizeBytes() + " bytes; it takes " + needed + ".");
        }
        if (offset % PciLayout.alignment(type) != 0) {
            throw violation("has " + KINDS.get(type) + " at " + offset + ", which is not a multiple of "
                    + PciLayout.alignment(type) + ".");
        }
        return new Window(registers, offset, usable);
    }

    private void requireAll() {
        if (!anyVirtio && PciIdentity.isTransitional(configuration)) {
            throw new DeviceException(
                    function.name()
                            + " is a legacy virtio device: it has none of the capabilities of VIRTIO 1.0 and later.",
                    null,
                    "QEMU's disable-modern=off,disable-legacy=on for the device");
        }
        for (int type = COMMON; type <= ISR; type++) {
            if (!windows.containsKey(type)) {
                throw new DeviceException(
                        function.name() + " has no capability for " + KINDS.get(type) + " that can be used."
                                + (unreachable.isEmpty()
                                        ? ""
                                        : " Of it," + unreachable.substring(0, unreachable.length() - 1) + "."),
                        "VIRTIO 1.3, section 4.1.4, asks for the common configuration, the doorbells and the interrupt status.",
                        null);
            }
        }
        // What is written blindly must not be what is trusted to be ours alone.
        Window isr = isr();
        if (common().overlaps(isr.registers(), isr.start(), 1)) {
            throw violation("has the interrupt status within the common configuration.");
        }
    }

    private VirtioException violation(String what) {
        return new VirtioException(Violation.PROTOCOL, function.name() + " " + what);
    }

    private Window window(int type) {
        Window window = windows.get(type);
        // Any registers do for a window of no bytes.
        return window != null ? window : new Window(configuration, 0, 0);
    }

    Window common() {
        return PciLayout.commonPart(window(COMMON));
    }

    Window isr() {
        return window(ISR);
    }

    /** The device's own configuration, of no bytes if it has none. */
    Window device() {
        return window(DEVICE);
    }

    /** The MSI-X table; null if the function has none. */
    @Nullable
    MsixTable msix() {
        return msix;
    }

    /**
     * Where in the registers of the doorbells that of a queue lies (section 4.1.4.4).
     *
     * @param queue its number, for messages
     * @param notifyOffset what the device says of the queue
     */
    Window doorbell(int queue, int notifyOffset) {
        Window all = window(NOTIFY);
        long offset = notifyOffset * multiplier;
        long start = all.start() + offset;
        if (!all.has(offset, 2) || start % 2 != 0) {
            throw violation("has the doorbell of queue " + queue + " at " + notifyOffset + " times " + multiplier
                    + " of " + all.sizeBytes() + " bytes; it takes 2, at a multiple of 2.");
        }
        if (common().overlaps(all.registers(), start, 2)) {
            throw violation("has the doorbell of queue " + queue + " within the common configuration.");
        }
        return new Window(all.registers(), start, 2);
    }
}
