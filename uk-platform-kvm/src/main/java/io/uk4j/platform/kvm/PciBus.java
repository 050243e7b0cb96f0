package io.uk4j.platform.kvm;

import io.uk4j.core.PlatformException;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.transport.MessageInterrupt;
import io.uk4j.virtio.transport.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds virtio devices on PCI (PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2, chapter 3), maps their BARs, and lets them decode
 * those. Firmware, or the monitor, has given the BARs their addresses; a BAR without one,
 * or with one where no BAR can be, is left out and logged; a driver that needs it says so.
 */
final class PciBus {
    private static final Logger LOG = LoggerFactory.getLogger(PciBus.class);

    private static final int VENDOR_VIRTIO = 0x1af4;
    private static final int NO_VENDOR = 0xffff;

    private static final int COMMAND = 4;
    private static final int HEADER_TYPE = 14;
    private static final int BAR = 16;
    private static final int SECONDARY_BUS = 25;
    private static final int DECODE_PORTS = 1;
    private static final int DECODE_MEMORY = 2;
    private static final int BUS_MASTER = 4;
    private static final int MULTIPLE_FUNCTIONS = 0x80;
    private static final int BRIDGE = 1;
    private static final int BARS = 6;
    private static final int BAR_PORT = 1;
    private static final int BAR_WIDE = 4;

    /** The most messages of a device: one for changes of its configuration, and one each for so many queues; queues beyond share. */
    static final int MESSAGES = 5;

    private static final long LARGEST_BAR = 1L << 30;
    private static final long ADDRESS_LIMIT = 1L << 52;
    private static final long PORTS = 1L << 16;

    private final BootLayer boot;
    private final Ecam ecam;
    private final boolean[] seen = new boolean[256];
    private final List<Integer> found = new ArrayList<>();

    private PciBus(BootLayer boot, AcpiTables tables) {
        this.boot = boot;
        ecam = new Ecam(boot, tables);
    }

    /**
     * Finds virtio devices on the buses that bus 0 leads to, and opens their messages. Many devices have fewer messages each, down to one; with
     * more of them than there are messages the last ones have none, and cannot be used.
     */
    static List<PciFunction> scan(BootLayer boot, AcpiTables tables, DeviceInterrupts interrupts) {
        PciBus bus = new PciBus(boot, tables);
        bus.scanBus(0);
        List<PciFunction> functions = new ArrayList<>();
        int left = DeviceInterrupts.MESSAGE_LIMIT;
        for (int function : bus.found) {
            int unopened = bus.found.size() - functions.size();
            int messages = Math.min(left, Math.clamp(left / unopened, 1, MESSAGES));
            left -= messages;
            functions.add(bus.open(function, messages, interrupts));
        }
        return functions;
    }

    private void scanBus(int bus) {
        if (seen[bus]) {
            return; // a bridge that leads back
        }
        seen[bus] = true;
        for (int device = 0; device < 32; device++) {
            // Looked for by the ports: mapping a page for each function that is not there would be dear.
            int first = (bus << 8) | (device << 3);
            PortConfiguration probe = new PortConfiguration(boot, first);
            if (probe.read16(0) == NO_VENDOR) {
                continue;
            }
            int functions = (probe.read8(HEADER_TYPE) & MULTIPLE_FUNCTIONS) != 0 ? 8 : 1;
            for (int function = 0; function < functions; function++) {
                look(first | function);
            }
        }
    }

    private void look(int function) {
        PortConfiguration probe = new PortConfiguration(boot, function);
        int vendor = probe.read16(0);
        if (vendor == NO_VENDOR) {
            return;
        }
        if ((probe.read8(HEADER_TYPE) & 0x7f) == BRIDGE) {
            scanBus(probe.read8(SECONDARY_BUS));
        } else if (vendor == VENDOR_VIRTIO) {
            found.add(function);
        }
    }

    private PciFunction open(int function, int messageCount, DeviceInterrupts interrupts) {
        // Not String.format, whose locales take longer than all of this scan.
        HexFormat hex = HexFormat.of();
        String name = "pci:" + hex.toHexDigits((byte) (function >> 8)) + ':'
                + hex.toHexDigits((byte) ((function >> 3) & 31)) + '.' + (function & 7);
        Registers configuration = ecam.configuration(name, function, new PortConfiguration(boot, function));
        // Firmware may have left it running: no access to memory before a driver has reset it.
        int command = configuration.read16(COMMAND) & ~(DECODE_PORTS | DECODE_MEMORY | BUS_MASTER);
        configuration.write16(COMMAND, command);
        @Nullable Registers[] bars = new Registers[BARS];
        for (int index = 0; index < BARS; ) {
            index += openBar(name, configuration, index, bars);
        }
        configuration.write16(COMMAND, command | DECODE_PORTS | DECODE_MEMORY);
        List<MessageInterrupt> messages = new ArrayList<>();
        for (int i = 0; i < messageCount; i++) {
            messages.add(interrupts.message(name));
        }
        return new PciFunction(name, configuration, Arrays.asList(bars), messages, null);
    }

    /** Finds out how large a BAR is, with decoding off, and maps it. Returns how many places it takes, 1 or 2. */
    private int openBar(String name, Registers configuration, int index, @Nullable Registers[] bars) {
        long at = BAR + 4L * index;
        int low = configuration.read32(at);
        boolean port = (low & BAR_PORT) != 0;
        boolean wide = !port && (low & 6) == BAR_WIDE && index + 1 < BARS;
        long flags = port ? 3 : 15;
        long value = Integer.toUnsignedLong(low);
        configuration.write32(at, -1);
        long mask = Integer.toUnsignedLong(configuration.read32(at)) & ~flags;
        configuration.write32(at, low);
        if (wide) {
            int high = configuration.read32(at + 4);
            configuration.write32(at + 4, -1);
            mask |= ((long) configuration.read32(at + 4)) << 32;
            configuration.write32(at + 4, high);
            value |= (long) high << 32;
        }
        if (mask != 0) {
            // Bits above the kind's width count as settable; of ports the upper half may be fixed to 0.
            mask |= wide ? 0 : port ? 0xffff_ffff_ffff_0000L : 0xffff_ffff_0000_0000L;
            bars[index] = open(name, index, port, value & ~flags, -mask);
        }
        return wide ? 2 : 1;
    }

    /** The registers of a BAR; null, and why in the log, where they cannot be reached. */
    private @Nullable Registers open(String name, int index, boolean port, long address, long bytes) {
        String reason;
        if (address == 0) {
            reason = "it has no address";
        } else if (bytes <= 0 || bytes > LARGEST_BAR || Long.bitCount(bytes) != 1) {
            reason = "no BAR has such a size";
        } else if (address % bytes != 0 || address < 0 || address > (port ? PORTS : ADDRESS_LIMIT) - bytes) {
            reason = "no BAR has such an address";
        } else if (port) {
            return new PortRegisters(boot, name + ", BAR " + index, (int) address, (int) bytes);
        } else {
            try {
                return Registers.of(mapped(boot, address, bytes));
            } catch (PlatformException e) {
                reason = String.valueOf(e.getMessage());
            }
        }
        LOG.warn(
                "{}: BAR {} of {} bytes at 0x{} is not used: {}",
                name,
                index,
                Long.toUnsignedString(bytes),
                Long.toHexString(address),
                reason);
        return null;
    }

    /** Maps registers that need not begin or end with a page. */
    static MemorySegment mapped(BootLayer boot, long address, long bytes) {
        long start = address & -BootLayer.PAGE_BYTES;
        long end = (address + bytes + BootLayer.PAGE_BYTES - 1) & -BootLayer.PAGE_BYTES;
        return boot.map(start, end - start, false).asSlice(address - start, bytes);
    }
}
