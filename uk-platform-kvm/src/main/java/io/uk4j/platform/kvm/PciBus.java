package io.uk4j.platform.kvm;

import io.uk4j.virtio.Registers;
import io.uk4j.virtio.transport.MessageInterrupt;
import io.uk4j.virtio.transport.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds virtio devices on PCI (PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2, chapter 3), maps their BARs, and lets them decode
 * those. Firmware, or the monitor, has given the BARs their addresses; a BAR without one is left out.
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
    private static final int MULTIPLE_FUNCTIONS = 0x80;
    private static final int BRIDGE = 1;
    private static final int BARS = 6;
    private static final int BAR_PORT = 1;
    private static final int BAR_WIDE = 4;

    /** A device's message for changes of its configuration, and one each for so many queues; queues beyond share. */
    static final int MESSAGES = 5;

    private static final long LARGEST_BAR = 1L << 30;

    private final BootLayer boot;
    private final IntFunction<Registers> configurations;
    private final boolean[] seen = new boolean[256];
    private final List<PciFunction> found = new ArrayList<>();

    private PciBus(BootLayer boot, IntFunction<Registers> configurations) {
        this.boot = boot;
        this.configurations = configurations;
    }

    /** Finds virtio devices, by ECAM where a table of ACPI says where that is (PCI Firmware 3.3, section 4.1.2), else by ports. */
    static List<PciFunction> scan(BootLayer boot, AcpiTables tables) {
        IntFunction<Registers> configurations = tables.find("MCFG")
                .<IntFunction<Registers>>map(mcfg -> {
                    long base = mcfg.number(44, 8);
                    int firstBus = (int) mcfg.number(54, 1);
                    return function -> {
                        long physical = base + ((long) (function - (firstBus << 8)) << 12);
                        return Registers.of(boot.map(physical, BootLayer.PAGE_BYTES, false));
                    };
                })
                .orElse(function -> new PortConfiguration(boot, function));
        PciBus bus = new PciBus(boot, configurations);
        bus.scanBus(0);
        return bus.found;
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
            found.add(open(function));
        }
    }

    private PciFunction open(int function) {
        Registers configuration = configurations.apply(function);
        String name = String.format("pci:%02x:%02x.%d", function >> 8, (function >> 3) & 31, function & 7);
        int command = configuration.read16(COMMAND);
        configuration.write16(COMMAND, command & ~(DECODE_PORTS | DECODE_MEMORY));
        @Nullable Registers[] bars = new Registers[BARS];
        for (int index = 0; index < BARS; ) {
            index += openBar(name, configuration, index, bars);
        }
        configuration.write16(COMMAND, command | DECODE_PORTS | DECODE_MEMORY);
        List<MessageInterrupt> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            BootLayer.Line line = boot.openInterrupt(BootLayer.MESSAGE, 0);
            messages.add(new MessageInterrupt(
                    new KvmInterrupt(boot, line.handle()), line.messageAddress(), line.messageData()));
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
        long mask = Integer.toUnsignedLong(configuration.read32(at));
        configuration.write32(at, low);
        if (wide) {
            int high = configuration.read32(at + 4);
            configuration.write32(at + 4, -1);
            mask |= ((long) configuration.read32(at + 4)) << 32;
            configuration.write32(at + 4, high);
            value |= (long) high << 32;
        } else {
            mask |= port ? 0xffff_ffff_ffff_0000L : 0xffff_ffff_0000_0000L;
        }
        long address = value & ~flags;
        long bytes = -(mask & ~flags);
        if (((int) mask == 0 && !wide) || bytes <= 0) {
            return wide ? 2 : 1; // there is none
        }
        if (address == 0 || bytes > LARGEST_BAR) {
            LOG.warn("{}: BAR {} of {} bytes has no address, or is too large, and is not used", name, index, bytes);
        } else if (port) {
            bars[index] = new PortRegisters(boot, (int) address, (int) bytes);
        } else {
            bars[index] = Registers.of(mapped(boot, address, bytes));
        }
        return wide ? 2 : 1;
    }

    /** Maps registers that need not begin or end with a page. */
    static MemorySegment mapped(BootLayer boot, long address, long bytes) {
        long start = address & -BootLayer.PAGE_BYTES;
        long end = (address + bytes + BootLayer.PAGE_BYTES - 1) & -BootLayer.PAGE_BYTES;
        return boot.map(start, end - start, false).asSlice(address - start, bytes);
    }
}
