package io.uk4j.platform.kvm;

import io.uk4j.core.PlatformException;
import io.uk4j.virtio.Registers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Configuration space mapped into memory, where ACPI's MCFG says that it is (PCI Firmware 3.3, section 4.1.2): a page for each function.
 * What the table says is believed only where the function that is found there is the one that the ports show.
 */
final class Ecam {
    private static final Logger LOG = LoggerFactory.getLogger(Ecam.class);

    private static final int FIRST_ENTRY = 44;
    private static final int ENTRY_BYTES = 16;
    private static final int SEGMENT = 8;
    private static final int FIRST_BUS = 10;
    private static final int LAST_BUS = 11;
    private static final long ADDRESS_LIMIT = 1L << 52;

    private final BootLayer boot;
    private final AcpiTables tables;

    Ecam(BootLayer boot, AcpiTables tables) {
        this.boot = boot;
        this.tables = tables;
    }

    /**
     * The configuration space of a function.
     *
     * @param name what messages call it
     * @param function bus, device and function, as 8, 5 and 3 bits
     * @param ports the same by the ports
     * @return 4 KiB of it, or the ports' 256 bytes where they cannot be had
     */
    Registers configuration(String name, int function, PortConfiguration ports) {
        long physical = physical(function);
        if (physical < 0) {
            return ports;
        }
        try {
            Registers mapped = Registers.of(boot.map(physical, BootLayer.PAGE_BYTES, false));
            if (mapped.read32(0) == ports.read32(0)) {
                return mapped;
            }
            LOG.warn("{} is another function at 0x{}, where MCFG has it", name, Long.toHexString(physical));
        } catch (PlatformException e) {
            LOG.warn("{} cannot be reached where MCFG has it: {}", name, e.getMessage());
        }
        return ports;
    }

    /** Where the function's page is, of the segment that the ports show, too; negative if nothing tells. */
    private long physical(int function) {
        int bus = function >> 8;
        return tables.find("MCFG")
                .map(mcfg -> {
                    for (int at = FIRST_ENTRY; at + ENTRY_BYTES <= mcfg.bytes().limit(); at += ENTRY_BYTES) {
                        // The address is that of bus 0, also where the first bus is another.
                        long base = mcfg.number(at, 8);
                        if (mcfg.number(at + SEGMENT, 2) == 0
                                && bus >= mcfg.number(at + FIRST_BUS, 1)
                                && bus <= mcfg.number(at + LAST_BUS, 1)
                                && base > 0
                                && base < ADDRESS_LIMIT
                                && base % BootLayer.PAGE_BYTES == 0) {
                            return base + ((long) function << 12);
                        }
                    }
                    return -1L;
                })
                .orElse(-1L);
    }
}
