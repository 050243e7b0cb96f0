package io.uk4j.platform.kvm;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Devices that ACPI describes: in the DSDT a device with the hardware ID LNRO0005, whose resources (ACPI 6.5, section 6.4.3) are a fixed
 * range of memory and one interrupt. The code of the table is not interpreted: QEMU's microvm has the resources as plain bytes behind
 * the ID, and that is what is looked for.
 */
final class MmioTables {
    private static final byte[] ID = "LNRO0005".getBytes(StandardCharsets.US_ASCII);

    /** How far behind the ID resources are looked for. */
    private static final int REACH = 96;

    /** More interrupts for devices than this no machine has. */
    private static final int LIMIT = BootLayer.INTERRUPT_LIMIT;

    private static final int MEMORY = 0x86;
    private static final int MEMORY_BYTES = 9;
    private static final int INTERRUPT = 0x89;
    private static final int INTERRUPT_BYTES = 6;

    private MmioTables() {}

    static List<MmioWords.Window> find(AcpiTables tables) {
        List<MmioWords.Window> windows = new ArrayList<>();
        tables.find("DSDT").ifPresent(dsdt -> {
            for (int at = 0; at + ID.length <= dsdt.bytes().limit() && windows.size() < LIMIT; at++) {
                if (isId(dsdt.bytes(), at)) {
                    window(dsdt, at + ID.length, windows);
                }
            }
        });
        return windows;
    }

    private static boolean isId(ByteBuffer bytes, int at) {
        return bytes.get(at) == ID[0] && bytes.slice(at, ID.length).equals(ByteBuffer.wrap(ID));
    }

    private static void window(AcpiTables.Table dsdt, int from, List<MmioWords.Window> to) {
        int memory = descriptor(dsdt, from, MEMORY, MEMORY_BYTES);
        int interrupt = descriptor(dsdt, memory < 0 ? from : memory, INTERRUPT, INTERRUPT_BYTES);
        if (memory < 0 || interrupt < 0) {
            return;
        }
        long base = dsdt.number(memory + 4, 4);
        long bytes = dsdt.number(memory + 8, 4);
        long line = dsdt.number(interrupt + 5, 4);
        MmioWords.Window window = new MmioWords.Window(base, bytes, (int) line);
        if (window.isSound()) {
            to.add(window);
        }
    }

    /** Where a large resource descriptor begins: its type, and its length in 16 bits. */
    private static int descriptor(AcpiTables.Table dsdt, int from, int type, int length) {
        for (int at = from; at < from + REACH; at++) {
            if (dsdt.number(at, 1) == type && dsdt.number(at + 1, 2) == length) {
                return at;
            }
        }
        return -1;
    }
}
