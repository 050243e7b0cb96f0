package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.uk4j.core.PlatformException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The boot layer by its system calls, through libc's {@code syscall}. The only class that uses restricted methods; to initialise
 * it needs native access.
 */
@SuppressWarnings("restricted")
final class SystemCalls implements BootLayer {
    private static final int GETRANDOM = 318;
    private static final int UK_INFO = 1024;
    private static final int UK_MAP = 1025;
    private static final int UK_DMA_ALLOCATE = 1026;
    private static final int UK_DMA_FREE = 1027;
    private static final int UK_INTERRUPT_OPEN = 1028;
    private static final int UK_INTERRUPT_CLOSE = 1029;
    private static final int UK_INTERRUPT_UNMASK = 1030;
    private static final int UK_INTERRUPT_RAISE = 1031;
    private static final int UK_WAIT = 1032;
    private static final int UK_PORT_READ = 1033;
    private static final int UK_PORT_WRITE = 1034;
    private static final int UK_ENTROPY_ADD = 1035;
    private static final int UK_POWER = 1036;

    private static final int REBOOT = 1;

    private static final int ABI_VERSION = 1;
    private static final int INFO_BYTES = 64;
    private static final long RANDOM_PIECE = 1 << 16;

    private static final Map<Integer, String> ERRORS = Map.of(
            EPERM, "not permitted",
            EINTR, "interrupted",
            ENOMEM, "out of memory",
            EBUSY, "in use already",
            ENODEV, "there is no such line",
            EINVAL, "invalid argument",
            ENOSPC, "all are in use",
            ENOSYS, "no such call");

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow(),
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                    Linker.Option.captureCallState("errno"),
                    Linker.Option.firstVariadicArg(1));
    private static final VarHandle COUNT = ValueLayout.JAVA_LONG.varHandle();

    private final ThreadLocal<MemorySegment> states =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));
    private final Machine machine;
    private final MemorySegment counts;

    /**
     * Looks what machine this is.
     *
     * @throws PlatformException if there is no boot layer, or it is of another version
     */
    SystemCalls() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(INFO_BYTES, 8);
            long result = call(UK_INFO, to.address(), 0, 0);
            int version = result == 0 ? to.get(JAVA_INT, 0) : 0;
            if (version != ABI_VERSION) {
                throw new PlatformException(
                        result == 0
                                ? "The image's boot layer has version " + version + " of the calls for hardware."
                                : "The kvm platform cannot run here: this is no sealed image.",
                        result == 0 ? "Version " + ABI_VERSION + "." : null,
                        "uk-platform-unix in the place of uk-platform-kvm, to run as an ordinary process");
            }
            machine = new Machine(to.get(JAVA_INT, 4), to.get(JAVA_LONG, 8), to.get(JAVA_LONG, 16));
            counts = MemorySegment.ofAddress(to.get(JAVA_LONG, 32)).reinterpret(INTERRUPT_LIMIT * 8L);
        }
    }

    /** The result, or a negated error. */
    private long call(int number, long a, long b, long c) {
        MemorySegment state = states.get();
        try {
            long result = (long) SYSCALL.invokeExact(state, (long) number, a, b, c);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (Throwable e) {
            throw new AssertionError("A call of libc cannot throw", e);
        }
    }

    private static long check(String what, long result) {
        if (result < 0) {
            int error = (int) -result;
            throw new PlatformException(what + ": " + ERRORS.getOrDefault(error, "error " + error) + '.', null, null);
        }
        return result;
    }

    @Override
    public Machine machine() {
        return machine;
    }

    @Override
    public MemorySegment map(long physical, long bytes, boolean cached) {
        long address = check(
                "Memory at 0x" + Long.toHexString(physical) + " cannot be mapped",
                call(UK_MAP, physical, bytes, cached ? 0 : 1));
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Override
    public @Nullable Dma allocate(long bytes, long alignment) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(16, 8);
            long result = call(UK_DMA_ALLOCATE, bytes, alignment, to.address());
            if (result == -ENOMEM || result == -EINVAL) {
                return null;
            }
            check("Memory for devices cannot be had", result);
            return new Dma(MemorySegment.ofAddress(to.get(JAVA_LONG, 0)).reinterpret(bytes), to.get(JAVA_LONG, 8));
        }
    }

    @Override
    public void free(Dma dma) {
        check(
                "Memory for devices cannot be freed",
                call(UK_DMA_FREE, dma.segment().address(), 0, 0));
    }

    @Override
    public Line openInterrupt(int kind, int line) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(16, 8);
            String what = kind == LINE_EDGE || kind == LINE_LEVEL ? "Interrupt line " + line : "An interrupt";
            check(what + " cannot be opened", call(UK_INTERRUPT_OPEN, kind, line, to.address()));
            return new Line(to.get(JAVA_INT, 0), to.get(JAVA_LONG, 8), to.get(JAVA_INT, 4));
        }
    }

    @Override
    public void closeInterrupt(int handle) {
        check("An interrupt cannot be closed", call(UK_INTERRUPT_CLOSE, handle, 0, 0));
    }

    @Override
    public void unmask(int handle) {
        check("An interrupt cannot be unmasked", call(UK_INTERRUPT_UNMASK, handle, 0, 0));
    }

    @Override
    public void raise(int handle) {
        check("An interrupt cannot be raised", call(UK_INTERRUPT_RAISE, handle, 0, 0));
    }

    @Override
    public long count(int handle) {
        return (long) COUNT.getAcquire(counts, handle * 8L);
    }

    @Override
    public int await(MemorySegment set, int count, long deadlineNs) {
        long result = call(UK_WAIT, set.address(), count, deadlineNs);
        return result == -ETIMEDOUT || result == -EINTR ? (int) -result : (int) check("Waiting failed", result);
    }

    @Override
    public int readPort(int port, int width) {
        return (int) check("Port " + Integer.toHexString(port) + " cannot be read", call(UK_PORT_READ, port, width, 0));
    }

    @Override
    public void writePort(int port, int width, int value) {
        check("Port " + Integer.toHexString(port) + " cannot be written", call(UK_PORT_WRITE, port, width, value));
    }

    @Override
    public void random(MemorySegment target) {
        for (long at = 0; at < target.byteSize(); ) {
            long got = call(GETRANDOM, target.address() + at, Math.min(RANDOM_PIECE, target.byteSize() - at), 0);
            at += got == -EINTR ? 0 : check("getrandom failed", got);
        }
    }

    @Override
    public void addEntropy(MemorySegment bytes) {
        check("The generator of random bytes took nothing", call(UK_ENTROPY_ADD, bytes.address(), bytes.byteSize(), 0));
    }

    @Override
    public void reboot() {
        check("The machine cannot be reset", call(UK_POWER, REBOOT, 0, 0));
    }
}
