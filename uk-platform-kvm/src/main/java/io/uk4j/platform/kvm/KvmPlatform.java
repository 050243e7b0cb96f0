package io.uk4j.platform.kvm;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.DeviceException;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Platform;
import io.uk4j.core.PlatformException;
import io.uk4j.core.Waiter;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.driver.VirtioConsole;
import io.uk4j.virtio.driver.VirtioContext;
import io.uk4j.virtio.driver.VirtioKeys;
import io.uk4j.virtio.transport.MmioDevice;
import io.uk4j.virtio.transport.PciFunction;
import io.uk4j.virtio.transport.VirtioSlot;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The platform of a sealed image: the boot layer's clock, entropy, console, memory and interrupts.
 *
 * <p>{@link #devices} with {@link VirtioSlot} gives the virtio devices, those on PCI first, by bus, device and function, and then those
 * with registers in memory, which the command line names ({@code virtio_mmio.device=}) or ACPI does, in that order. Empty places are not
 * among them.
 *
 * <p>Clock: {@link System#nanoTime} and {@link java.time.Instant#now()}, which read the processor's counter. Memory is physical
 * memory, with the address under which devices see it. Waiters take interrupts of these devices and {@link
 * io.uk4j.core.SignalSource}; at most 63 interrupts each.
 *
 * <p>Console: the serial line, and a virtio console where {@code uk.kvm.console} names one. {@link Console#onStopRequest} is told of the
 * power button, on machines that have one, and of Control-C on a virtio console.
 *
 * <p>Thread rule: shared.
 */
public final class KvmPlatform implements Platform {
    /** The name by which {@code uk.platform} selects it. */
    static final String NAME = "kvm";

    // PCI Local Bus 3.0, section 6.2.2; VIRTIO 1.3, section 4.2.2.
    private static final int PCI_COMMAND = 4;
    private static final int PCI_BUS_MASTER = 1 << 2;
    private static final int MMIO_STATUS = 0x70;

    private static final Path COMMAND_LINE = Path.of("/proc/cmdline");

    private final BootLayer boot;
    private final String commandLine;
    private final AcpiTables tables;
    private final Clock clock = new BootClock();
    private final EntropySource entropy;
    private final @Nullable PowerButton button;
    private final BootConsole serial;
    private final DmaPages pages;
    private final DeviceInterrupts interrupts;
    private @Nullable List<VirtioSlot> slots;
    private @Nullable Seeding seeding;
    private volatile @Nullable PairedConsole paired;
    private boolean closed;

    KvmPlatform(BootLayer boot, String commandLine, OutputStream output) {
        this.boot = boot;
        this.commandLine = commandLine;
        entropy = new BootEntropy(boot);
        pages = new DmaPages(boot);
        interrupts = new DeviceInterrupts(boot);
        tables = AcpiTables.read(boot.machine().rsdp(), this::firmware);
        button = PowerButton.find(boot, tables).orElse(null);
        serial = new BootConsole(output, button);
    }

    /**
     * Makes the platform of the image that this JVM runs in.
     *
     * @throws PlatformException if this is no sealed image, its boot layer is of another version, or native access is denied
     */
    public static KvmPlatform create() {
        try {
            return new KvmPlatform(
                    new SystemCalls(), Files.readString(COMMAND_LINE), new FileOutputStream(FileDescriptor.out));
        } catch (IOException e) {
            throw new PlatformException("The boot command line cannot be read: " + e.getMessage(), null, null, e);
        } catch (ExceptionInInitializerError | IllegalCallerException e) {
            throw new PlatformException(
                    "The kvm platform may not make native calls: "
                            + (e.getCause() == null ? e : e.getCause()).getMessage(),
                    null,
                    "java --enable-native-access=ALL-UNNAMED ...",
                    e);
        }
    }

    /**
     * Sees to it that the machine is as the configuration says, opens the console that it names, and takes what its entropy devices have, from now on. To be
     * called once.
     *
     * @throws DeviceException if {@code uk.kvm.devices} declares other devices than there are, or the configuration names a device
     *     that there is not, or one that cannot be used
     */
    synchronized void prepare(Config config) {
        List<VirtioSlot> found = devices(VirtioSlot.class);
        DeclaredDevices.check(config, found);
        openConsole(config, found);
        seeding = new Seeding(
                boot,
                pages,
                clock,
                config,
                found,
                GenerationId.find(tables, this::firmware).orElse(null),
                Seeding.INTERVAL);
        seeding.start();
    }

    private void openConsole(Config config, List<VirtioSlot> found) {
        DeclaredDevices.named(config, KvmKeys.CONSOLE, VirtioSlot.CONSOLE, "console", found)
                .ifPresent(slot -> {
                    long timeoutNs = config.get(VirtioKeys.RESET_TIMEOUT).toNanos();
                    VirtioConsole device = VirtioConsole.open(
                            new VirtioContext(pages, clock, config, new MetricRegistry()),
                            slot.open(VirtioSlot.CONSOLE, clock, timeoutNs),
                            "console0");
                    paired = new PairedConsole(serial, device, newWaiter(), clock);
                });
    }

    private MemorySegment firmware(long physical, long bytes) {
        long start = physical & -BootLayer.PAGE_BYTES;
        long end = (physical + bytes + BootLayer.PAGE_BYTES - 1) & -BootLayer.PAGE_BYTES;
        return boot.map(start, end - start, true).asSlice(physical - start, bytes);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public EntropySource entropy() {
        return entropy;
    }

    @Override
    public Console console() {
        PairedConsole console = paired;
        return console == null ? serial : console;
    }

    @Override
    public PageSource pages() {
        return pages;
    }

    @Override
    public Waiter newWaiter() {
        return new KvmWaiter(boot, clock);
    }

    @Override
    public synchronized <D> List<D> devices(Class<D> type) {
        if (closed) {
            throw new IllegalStateException("This platform is closed.");
        }
        if (slots == null) {
            boolean complete = false;
            try {
                slots = List.copyOf(findSlots());
                complete = true;
            } finally {
                if (!complete) {
                    interrupts.close();
                }
            }
        }
        return slots.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private List<MmioWords.Window> windows() {
        Map<Long, MmioWords.Window> windows = new LinkedHashMap<>();
        MmioWords.parse(commandLine).forEach(window -> windows.putIfAbsent(window.base(), window));
        MmioTables.find(tables).forEach(window -> windows.putIfAbsent(window.base(), window));
        return List.copyOf(windows.values());
    }

    private List<VirtioSlot> findSlots() {
        List<VirtioSlot> found = new ArrayList<>(PciBus.scan(boot, tables, interrupts));
        for (MmioWords.Window window : windows()) {
            Registers registers = registers(window);
            // The interrupt is opened for places with a device alone: machines have many more places.
            boolean there = new MmioDevice("", registers, NoInterrupt.INSTANCE).deviceType() != 0;
            if (there) {
                found.add(new MmioDevice(window.name(), registers, interrupts.line(window.name(), window.line())));
            }
        }
        return found;
    }

    private Registers registers(MmioWords.Window window) {
        try {
            return Registers.of(PciBus.mapped(boot, window.base(), window.bytes()));
        } catch (PlatformException e) {
            throw new DeviceException(
                    window.name() + ", which the command line or ACPI names, cannot be a device: " + e.getMessage(),
                    "Registers lie outside of the machine's memory.",
                    "the command line without virtio_mmio.device=" + window.bytes() + '@'
                            + window.name().substring("mmio:".length()) + ':' + window.line(),
                    e);
        }
    }

    /** Resets the machine. */
    @Override
    public boolean tryRestart() {
        boot.reboot();
        return true;
    }

    /**
     * Stops all devices, gives back all memory of {@link #pages} and all interrupts, and no longer listens to the power button. Closing twice
     * has no further effect.
     */
    @Override
    public synchronized void close() {
        closed = true;
        PairedConsole console = paired;
        if (console != null) {
            console.close();
        }
        if (button != null) {
            button.close();
        }
        if (seeding != null) {
            seeding.close();
        }
        if (slots != null) {
            slots.forEach(KvmPlatform::silence);
            slots = null;
        }
        interrupts.close();
        pages.close();
    }

    /** A driver that failed may have left its device running, with memory that is about to be another's. */
    private static void silence(VirtioSlot slot) {
        switch (slot) {
            case PciFunction function -> {
                Registers configuration = function.configuration();
                configuration.write16(PCI_COMMAND, configuration.read16(PCI_COMMAND) & ~PCI_BUS_MASTER);
            }
            case MmioDevice device -> device.registers().write32(MMIO_STATUS, 0);
        }
    }
}
