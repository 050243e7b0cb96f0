package io.uk4j.virtio.transport;

import io.uk4j.virtio.Registers;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The MSI-X capability of a function and its table (PCI 3.0, section 6.8.2). */
final class MsixTable {
    private static final int CONTROL = 2;
    private static final int TABLE = 4;
    private static final int CAPABILITY_BYTES = 12;
    private static final int CONFIGURATION_BYTES = 256;

    private static final int ENABLE = 1 << 15;
    private static final int MASK_ALL = 1 << 14;
    private static final int SIZE_MASK = 0x7ff;

    private static final int ENTRY_BYTES = 16;
    private static final int ENTRY_ADDRESS = 0;
    private static final int ENTRY_DATA = 8;
    private static final int ENTRY_CONTROL = 12;

    private final Registers configuration;
    private final int at;
    private final int size;

    /** Null if the platform did not map the BAR in which it lies. */
    private final @Nullable Window table;

    /**
     * Reads the capability.
     *
     * @param at where it lies in the configuration space
     * @throws VirtioException if the table does not lie in its BAR
     */
    MsixTable(PciFunction function, int at) {
        configuration = function.configuration();
        this.at = at;
        if (at + CAPABILITY_BYTES > CONFIGURATION_BYTES) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    function.name() + " has an MSI-X capability at 0x" + Integer.toHexString(at)
                            + " that leaves the configuration space.");
        }
        size = (configuration.read16(at + CONTROL) & SIZE_MASK) + 1;
        int place = configuration.read32(at + TABLE);
        int bar = place & 7;
        long offset = Integer.toUnsignedLong(place & ~7);
        Registers registers = bar < function.bars().size() ? function.bars().get(bar) : null;
        if (registers == null) {
            table = null;
        } else if (offset > registers.sizeBytes() - (long) size * ENTRY_BYTES) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    function.name() + " has an MSI-X table of " + size + " entries at " + offset + " of BAR " + bar
                            + ", which has " + registers.sizeBytes() + " bytes.");
        } else {
            table = new Window(registers, offset, (long) size * ENTRY_BYTES);
        }
    }

    /** How many vectors can be used; 0 if the table cannot be reached. */
    int usableVectors() {
        return table == null ? 0 : size;
    }

    /** Fills the first entries, and lets the function send messages instead of asserting its line. */
    void enable(List<MessageInterrupt> messages) {
        Window entries = table;
        if (entries == null) {
            throw new IllegalStateException("The table cannot be reached.");
        }
        int control = configuration.read16(at + CONTROL);
        // Nothing is sent by half-written entries.
        configuration.write16(at + CONTROL, control | ENABLE | MASK_ALL);
        for (int i = 0; i < messages.size(); i++) {
            MessageInterrupt message = messages.get(i);
            long entry = (long) i * ENTRY_BYTES;
            entries.writeHalves(entry + ENTRY_ADDRESS, message.address());
            entries.write32(entry + ENTRY_DATA, message.data());
            entries.write32(entry + ENTRY_CONTROL, 0);
        }
        configuration.write16(at + CONTROL, (control | ENABLE) & ~MASK_ALL);
    }

    void disable() {
        int control = configuration.read16(at + CONTROL);
        configuration.write16(at + CONTROL, control & ~(ENABLE | MASK_ALL));
    }
}
