package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The system calls for memory that is shared and for sockets that pass descriptors; the rules are those of {@link Posix}. */
final class PosixIpc {
    static final int ECONNREFUSED = 111;
    static final int EADDRINUSE = 98;

    static final short POLLIN = 1;
    static final short POLLOUT = 4;

    /** Neither shrinks nor grows, nor does that ever change (F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW). */
    private static final int SEALS = 0x1 | 0x2 | 0x4;

    private static final int F_SETFL = 4;
    private static final int F_ADD_SEALS = 1033;
    private static final int MFD_CLOEXEC = 0x1;
    private static final int MFD_ALLOW_SEALING = 0x2;
    private static final int PROT_READ_WRITE = 0x1 | 0x2;
    private static final int MAP_SHARED = 0x1;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int FALLOC_FL_KEEP_SIZE = 0x1;
    private static final int FALLOC_FL_PUNCH_HOLE = 0x2;
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SEEK_END = 2;

    private static final MethodHandle MEMFD_CREATE = captured("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle FTRUNCATE = captured("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FALLOCATE =
            captured("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LSEEK = captured("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FCNTL = Posix.handle(
            "fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
            Posix.CAPTURE,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle MMAP =
            captured("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle SOCKET = captured("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CONNECT = captured("connect", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle BIND = captured("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle LISTEN = captured("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle ACCEPT = captured("accept4", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SENDMSG = captured("sendmsg", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECVMSG = captured("recvmsg", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle POLL = captured("poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private PosixIpc() {}

    /** Memory of a fixed size that no process can shrink; returns its descriptor. */
    static int memory(String name, long bytes, MemorySegment state) {
        try (Arena arena = Arena.ofConfined()) {
            int fd = Posix.result(
                    (int) MEMFD_CREATE.invokeExact(state, arena.allocateFrom(name), MFD_CLOEXEC | MFD_ALLOW_SEALING),
                    state);
            if (fd < 0) {
                return fd;
            }
            int result = Posix.result((int) FTRUNCATE.invokeExact(state, fd, bytes), state);
            if (result >= 0) {
                result = Posix.result((int) FCNTL.invokeExact(state, fd, F_ADD_SEALS, SEALS), state);
            }
            if (result < 0) {
                Posix.close(fd);
                return result;
            }
            return fd;
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static int setNonBlocking(int fd, MemorySegment state) {
        try {
            return Posix.result((int) FCNTL.invokeExact(state, fd, F_SETFL, Posix.O_NONBLOCK), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    /** Maps a range of a descriptor, shared, committed as it is touched; returns its address. */
    static long map(int fd, long offset, long bytes, MemorySegment state) {
        try {
            return Posix.result(
                    (long) MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_SHARED | MAP_NORESERVE, fd, offset),
                    state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    /** Gives the memory of a range back; it reads as zeros from now on. */
    static int punchHole(int fd, long offset, long bytes, MemorySegment state) {
        try {
            return Posix.result(
                    (int) FALLOCATE.invokeExact(state, fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, bytes),
                    state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    /** How many bytes a file or a piece of memory has. */
    static long size(int fd, MemorySegment state) {
        try {
            return Posix.result((long) LSEEK.invokeExact(state, fd, 0L, SEEK_END), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    /** A stream socket of the Unix family, which never blocks. */
    static int socket(MemorySegment state) {
        try {
            return Posix.result(
                    (int) SOCKET.invokeExact(state, AF_UNIX, SOCK_STREAM | Posix.O_NONBLOCK | Posix.O_CLOEXEC, 0),
                    state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static int connect(int fd, MemorySegment address, MemorySegment state) {
        try {
            return Posix.result(
                    (int) CONNECT.invokeExact(state, fd, address.address(), (int) address.byteSize()), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static int bind(int fd, MemorySegment address, MemorySegment state) {
        try {
            return Posix.result((int) BIND.invokeExact(state, fd, address.address(), (int) address.byteSize()), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static int listen(int fd, int backlog, MemorySegment state) {
        try {
            return Posix.result((int) LISTEN.invokeExact(state, fd, backlog), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static int accept(int fd, MemorySegment state) {
        try {
            return Posix.result((int) ACCEPT.invokeExact(state, fd, 0L, 0L, Posix.O_NONBLOCK | Posix.O_CLOEXEC), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static long sendMessage(int fd, long message, int flags, MemorySegment state) {
        try {
            return Posix.result((long) SENDMSG.invokeExact(state, fd, message, flags), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    static long receiveMessage(int fd, long message, int flags, MemorySegment state) {
        try {
            return Posix.result((long) RECVMSG.invokeExact(state, fd, message, flags), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    /** Waits for one descriptor, of which the {@code struct pollfd} is given. */
    static int poll(MemorySegment pollfd, int timeoutMs, MemorySegment state) {
        try {
            return Posix.result((int) POLL.invokeExact(state, pollfd.address(), 1L, timeoutMs), state);
        } catch (Throwable e) {
            throw Posix.unexpected(e);
        }
    }

    private static MethodHandle captured(String name, MemoryLayout result, MemoryLayout... arguments) {
        return Posix.handle(name, FunctionDescriptor.of(result, arguments), Posix.CAPTURE);
    }
}
