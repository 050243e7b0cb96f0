package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.uk4j.core.PlatformException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A machine in memory, as the boot layer shows one: what is put into it is what there is. */
final class ModelBoot implements BootLayer {
    private static final long MEMORY = 64L << 20;
    private static final long PHYSICAL = 1L << 50;

    /** Physical memory by its address; what is not there reads as zeros. */
    final TreeMap<Long, byte[]> physical = new TreeMap<>();

    /** Functions of PCI by bus, device and function: 256 bytes each. */
    final Map<Integer, byte[]> functions = new HashMap<>();

    /** Sizes of BARs, by function and number; the upper half of a wide one has none. */
    final Map<Integer, long[]> bars = new HashMap<>();

    final Map<Integer, Integer> ports = new ConcurrentHashMap<>();

    /** Ports whose bits are cleared by writing ones to them. */
    final Set<Integer> clearedByOnes = new HashSet<>();

    /** Pages that are the boot layer's own, and cannot be mapped. */
    final Set<Long> own = new HashSet<>();

    /** The highest line that there is. */
    int lastLine = 1023;

    /** Whether what raised a level-triggered interrupt does not stop. */
    volatile boolean stuck;

    /** Called after each write to a port. */
    Runnable onWritePort = () -> {};

    final Map<Long, Long> mapped = new HashMap<>();

    long rsdp;
    boolean rebooted;

    /** What was mapped last at an address, for a device to look at. */
    final Map<Long, MemorySegment> segments = new ConcurrentHashMap<>();

    private long added;

    private final long[] counts = new long[INTERRUPT_LIMIT];
    private final boolean[] open = new boolean[INTERRUPT_LIMIT];
    private final Map<Integer, Integer> lines = new HashMap<>();
    private long allocated;
    private int address;

    @Override
    public Machine machine() {
        return new Machine(1, MEMORY, rsdp);
    }

    @Override
    public MemorySegment map(long at, long bytes, boolean cached) {
        if (at % PAGE_BYTES != 0 || bytes % PAGE_BYTES != 0 || bytes <= 0) {
            throw new IllegalArgumentException("Not whole pages: " + at + ", " + bytes);
        }
        if (at < 0 || at + bytes > 1L << 52 || own.contains(at)) {
            throw new PlatformException("Memory at 0x" + Long.toHexString(at) + " cannot be mapped.", null, null);
        }
        mapped.put(at, bytes);
        MemorySegment segment = Arena.ofAuto().allocate(bytes, PAGE_BYTES);
        physical.forEach((start, content) -> {
            for (int i = 0; i < content.length; i++) {
                if (start + i >= at && start + i < at + bytes) {
                    segment.set(java.lang.foreign.ValueLayout.JAVA_BYTE, start + i - at, content[i]);
                }
            }
        });
        segments.put(at, segment);
        return segment;
    }

    @Override
    public synchronized @Nullable Dma allocate(long bytes, long alignment) {
        if (bytes > MEMORY - allocated) {
            return null;
        }
        allocated += bytes;
        MemorySegment segment = Arena.ofAuto().allocate(bytes, alignment);
        return new Dma(segment, segment.address() + PHYSICAL);
    }

    /** Where memory for devices is, by its physical address. */
    static long virtual(long physical) {
        return physical - PHYSICAL;
    }

    @Override
    public synchronized void free(Dma dma) {
        allocated -= dma.segment().byteSize();
    }

    @Override
    public synchronized Line openInterrupt(int kind, int line) {
        boolean hardware = kind == LINE_EDGE || kind == LINE_LEVEL;
        if (hardware && (line > lastLine || lines.containsValue(line))) {
            throw new PlatformException("Interrupt line " + line + " cannot be opened.", null, null);
        }
        for (int handle = 0; handle < open.length; handle++) {
            if (!open[handle]) {
                open[handle] = true;
                if (hardware) {
                    lines.put(handle, line);
                }
                return new Line(handle, 0xfee00000L, 48 + handle);
            }
        }
        throw new PlatformException("An interrupt cannot be opened: all are in use.", null, null);
    }

    @Override
    public synchronized void closeInterrupt(int handle) {
        if (!open[handle]) {
            throw new AssertionError("Interrupt " + handle + " is not open");
        }
        open[handle] = false;
        lines.remove(handle);
    }

    synchronized int openInterrupts() {
        int sum = 0;
        for (boolean one : open) {
            sum += one ? 1 : 0;
        }
        return sum;
    }

    @Override
    public void unmask(int handle) {
        if (stuck) {
            raise(handle);
        }
    }

    @Override
    public synchronized void raise(int handle) {
        if (!open[handle]) {
            throw new AssertionError("Interrupt " + handle + " is not open");
        }
        counts[handle]++;
        notifyAll();
    }

    @Override
    public synchronized long count(int handle) {
        return counts[handle];
    }

    @Override
    public synchronized int await(MemorySegment set, int count, long deadlineNs) {
        while (true) {
            for (int i = 0; i < count; i++) {
                int handle = set.get(JAVA_INT, (long) i * WAIT_BYTES);
                if (counts[handle] != set.get(JAVA_LONG, (long) i * WAIT_BYTES + 8)) {
                    return 0;
                }
            }
            long left = deadlineNs == Long.MAX_VALUE ? 1_000_000_000 : deadlineNs - System.nanoTime();
            if (left <= 0) {
                return ETIMEDOUT;
            }
            try {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return EINTR;
            }
        }
    }

    @Override
    public int readPort(int port, int width) {
        requirePort(port, width);
        if (port < 0xcfc || port > 0xcff) {
            return ports.getOrDefault(port, 0);
        }
        byte[] function = functions.get((address >> 8) & 0xffff);
        int offset = (address & 0xfc) + (port - 0xcfc);
        int value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = (value << 8) | (function == null ? 0xff : (function[offset + i] & 0xff));
        }
        return value;
    }

    @Override
    public void writePort(int port, int width, int value) {
        requirePort(port, width);
        write(port, width, value);
        onWritePort.run();
    }

    private static void requirePort(int port, int width) {
        if (port < 0 || port + width > 0x10000 || port == 0x20) {
            throw new PlatformException("Port 0x" + Integer.toHexString(port) + " is not to be used.", null, null);
        }
    }

    private void write(int port, int width, int value) {
        if (port == 0xcf8) {
            address = value;
        } else if (port < 0xcfc || port > 0xcff) {
            ports.put(port, clearedByOnes.contains(port) ? ports.getOrDefault(port, 0) & ~value : value);
        } else {
            writeConfiguration((address >> 8) & 0xffff, (address & 0xfc) + (port - 0xcfc), width, value);
        }
    }

    private void writeConfiguration(int number, int offset, int width, int value) {
        byte[] function = functions.get(number);
        if (function == null) {
            return;
        }
        int written = value;
        int bar = (offset - 16) / 4;
        if (offset >= 16 && bar < 6 && width == 4) {
            // Bits below the size, and those that tell the kind, cannot be changed.
            long[] sizes = bars.getOrDefault(number, new long[6]);
            boolean upper =
                    bar > 0 && sizes[bar] == 0 && sizes[bar - 1] != 0 && (function[16 + 4 * (bar - 1)] & 7) == 4;
            long size = upper ? sizes[bar - 1] >>> 32 : sizes[bar];
            int kind = function[offset] & (upper ? 0 : (function[offset] & 1) != 0 ? 3 : 15);
            written = upper ? (size <= 1 ? value : value & (int) -size) : size == 0 ? 0 : (value & (int) -size) | kind;
        }
        for (int i = 0; i < width; i++) {
            function[offset + i] = (byte) (written >> (8 * i));
        }
    }

    @Override
    public void random(MemorySegment target) {
        byte[] bytes = new byte[(int) target.byteSize()];
        new SecureRandom().nextBytes(bytes);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, target, 0, bytes.length);
    }

    @Override
    public synchronized void addEntropy(MemorySegment bytes) {
        added += bytes.byteSize();
    }

    /** How many bytes were stirred into the generator. */
    synchronized long added() {
        return added;
    }

    @Override
    public void reboot() {
        rebooted = true;
    }
}
