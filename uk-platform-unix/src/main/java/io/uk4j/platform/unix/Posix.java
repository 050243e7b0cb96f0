package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of Linux that this module makes, and the only class that uses restricted methods
 * ({@link PosixIpc} goes through it). Initialising it needs native access; portable mode never touches it.
 *
 * <p>A call that fails returns its error number negated, as the kernel itself does. The error number passes through a
 * {@linkplain #newCallState call state}, which belongs to one thread at a time and is reused, so that no call allocates.
 * Addresses are plain numbers: the caller keeps the memory alive. No call is {@code critical}: a critical call holds up
 * safepoints, and saves 10 ns of calls that take 200 to 1,200 (a write to a TAP may run the receiver's whole stack).
 */
@SuppressWarnings("restricted")
final class Posix {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int EINVAL = 22;
    static final int EMFILE = 24;
    static final int ENOSYS = 38;
    static final int EBADFD = 77;
    static final int ENOBUFS = 105;

    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    static final int EPOLLIN = 0x001;
    static final int EPOLLOUT = 0x004;
    static final int EPOLLET = 1 << 31;
    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EPOLL_CTL_MOD = 3;

    /** Bytes of a {@code struct iovec}: address, then length. */
    static final int IOVEC_BYTES = 16;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker LINKER = Linker.nativeLinker();
    static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final MethodHandle OPEN = handle(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), CAPTURE, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = handle(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
            CAPTURE,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SOCKET =
            handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle READV =
            handle("readv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle WRITEV =
            handle("writev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle EVENTFD_WRITE =
            handle("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle EVENTFD =
            handle("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle EPOLL_CREATE =
            handle("epoll_create1", FunctionDescriptor.of(JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle EPOLL_CTL =
            handle("epoll_ctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG), CAPTURE);
    private static final MethodHandle EPOLL_WAIT =
            handle("epoll_wait", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT), CAPTURE);
    private static final @Nullable MethodHandle EPOLL_PWAIT2 = tryHandle(
            "epoll_pwait2",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG),
            CAPTURE);
    private static final MethodHandle GETRANDOM =
            handle("getrandom", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle GETPAGESIZE = handle("getpagesize", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private Posix() {}

    /** Memory through which error numbers pass; lives as long as it is reachable, so that using it costs nothing. */
    static MemorySegment newCallState() {
        return Arena.ofAuto().allocate(CALL_STATE);
    }

    static int open(String path, int flags, MemorySegment state) {
        try (Arena arena = Arena.ofConfined()) {
            return result((int) OPEN.invokeExact(state, arena.allocateFrom(path), flags), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Closes a descriptor. Its failures tell nothing that could be acted on. */
    static void close(int fd) {
        try {
            int _ = (int) CLOSE.invokeExact(fd);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Makes an ioctl whose argument is a number, or the address of a structure. */
    static int ioctl(int fd, long request, long argument, MemorySegment state) {
        try {
            return result((int) IOCTL.invokeExact(state, fd, request, argument), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A datagram socket of the Internet family: what interface ioctls go through. */
    static int datagramSocket(MemorySegment state) {
        try {
            return result((int) SOCKET.invokeExact(state, 2, 2 | O_CLOEXEC, 0), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long readv(int fd, long iovecs, int count, MemorySegment state) {
        try {
            return result((long) READV.invokeExact(state, fd, iovecs, count), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long writev(int fd, long iovecs, int count, MemorySegment state) {
        try {
            return result((long) WRITEV.invokeExact(state, fd, iovecs, count), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A non-blocking event descriptor at 0. */
    static int eventfd(MemorySegment state) {
        try {
            return result((int) EVENTFD.invokeExact(state, 0, O_NONBLOCK | O_CLOEXEC), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Adds 1. Any thread may call it; it can fail only where the counter is full, and then a wake-up is due anyway. */
    static void signal(int eventfd) {
        try {
            int _ = (int) EVENTFD_WRITE.invokeExact(eventfd, 1L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int epollCreate(MemorySegment state) {
        try {
            return result((int) EPOLL_CREATE.invokeExact(state, O_CLOEXEC), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int epollControl(int epoll, int operation, int fd, long event, MemorySegment state) {
        try {
            return result((int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, event), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Waits for whole milliseconds; -1 without bound. */
    static int epollWait(int epoll, long events, int limit, int timeoutMs, MemorySegment state) {
        try {
            return result((int) EPOLL_WAIT.invokeExact(state, epoll, events, limit, timeoutMs), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Waits up to a {@code struct timespec}. Gives ENOSYS where the C library or the kernel (before 5.11) lacks it. */
    static int epollWaitPrecise(int epoll, long events, int limit, long timespec, MemorySegment state) {
        if (EPOLL_PWAIT2 == null) {
            return -ENOSYS;
        }
        try {
            return result((int) EPOLL_PWAIT2.invokeExact(state, epoll, events, limit, timespec, 0L), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long getrandom(MemorySegment target, MemorySegment state) {
        try {
            return result((long) GETRANDOM.invokeExact(state, target, target.byteSize(), 0), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int pageBytes() {
        try {
            return (int) GETPAGESIZE.invokeExact();
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void unmap(long address, long bytes) {
        try {
            int _ = (int) MUNMAP.invokeExact(address, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Memory at an address as a segment that lives as long as the arena, whose end runs the clean-up. */
    static MemorySegment segment(long address, long bytes, Arena arena, Consumer<MemorySegment> cleanup) {
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, cleanup);
    }

    /** An error number in words, such as {@code EBUSY (device or resource busy)}. */
    static String describe(int errno) {
        return switch (errno) {
            case EPERM -> "EPERM (operation not permitted)";
            case ENOENT -> "ENOENT (no such file or directory)";
            case EIO -> "EIO (input/output error)";
            case ENXIO -> "ENXIO (no such device or address)";
            case ENOMEM -> "ENOMEM (out of memory)";
            case EACCES -> "EACCES (permission denied)";
            case EBUSY -> "EBUSY (device or resource busy)";
            case ENODEV -> "ENODEV (no such device)";
            case EINVAL -> "EINVAL (invalid argument)";
            case EMFILE -> "EMFILE (too many open files)";
            case ENOSYS -> "ENOSYS (not implemented)";
            case PosixIpc.EADDRINUSE -> "EADDRINUSE (address already in use)";
            case PosixIpc.ECONNREFUSED -> "ECONNREFUSED (connection refused)";
            case EBADFD -> "EBADFD (file descriptor in bad state)";
            case ENOBUFS -> "ENOBUFS (no buffer space available)";
            default -> "error number " + errno;
        };
    }

    /** What a call returned, or its error number negated. */
    static int result(int returned, MemorySegment state) {
        return returned < 0 ? -errno(state) : returned;
    }

    /** What a call returned, or its error number negated. */
    static long result(long returned, MemorySegment state) {
        return returned < 0 ? -errno(state) : returned;
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
    }

    private static @Nullable MethodHandle tryHandle(String name, FunctionDescriptor type, Linker.Option... options) {
        Optional<MemorySegment> symbol = LINKER.defaultLookup().find(name);
        return symbol.isEmpty() ? null : LINKER.downcallHandle(symbol.get(), type, options);
    }

    static RuntimeException unexpected(Throwable e) {
        return switch (e) {
            case RuntimeException runtime -> runtime;
            case Error error -> throw error;
            default -> throw new AssertionError("A downcall throws nothing checked.", e);
        };
    }
}
