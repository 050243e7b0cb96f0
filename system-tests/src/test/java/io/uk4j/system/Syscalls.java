package io.uk4j.system;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The system calls that these tests need and the JDK does not offer. */
@SuppressWarnings("restricted")
final class Syscalls {
    // linux/sched.h, linux/socket.h, linux/if_packet.h
    private static final int CLONE_NEWNET = 0x4000_0000;
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOCKADDR_LL_BYTES = 20;
    private static final int SOCKADDR_LL_INDEX = 4;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MethodHandle OPEN =
            handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SETNS = handle("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SOCKET =
            handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle IF_NAMETOINDEX =
            handle("if_nametoindex", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle SENDTO = handle(
            "sendto", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

    private Syscalls() {}

    private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = ERRNO;
        System.arraycopy(options, 0, all, 1, options.length);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
    }

    /** Moves the calling thread, and nothing else of the process, into a network namespace (setns(2)). */
    static void enterNetns(Path namespace) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int fd = check("open " + namespace, state, (int)
                    OPEN.invokeExact(state, arena.allocateFrom(namespace.toString()), 0));
            try {
                check("setns", state, (int) SETNS.invokeExact(state, fd, CLONE_NEWNET));
            } finally {
                close(fd);
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Sends frames just as they are (packet(7)). Must be called by a thread in the interface's namespace.
     *
     * @param networkInterface its name
     */
    static void sendFrames(String networkInterface, Iterable<byte[]> frames) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int index = (int) IF_NAMETOINDEX.invokeExact(state, arena.allocateFrom(networkInterface));
            check("if_nametoindex " + networkInterface, state, index == 0 ? -1 : index);
            MemorySegment to = arena.allocate(SOCKADDR_LL_BYTES, 8);
            to.set(JAVA_SHORT, 0, (short) AF_PACKET);
            to.set(JAVA_INT, SOCKADDR_LL_INDEX, index);
            int fd = check("socket", state, (int) SOCKET.invokeExact(state, AF_PACKET, SOCK_RAW, 0));
            try {
                MemorySegment buffer = arena.allocate(65_536);
                for (byte[] frame : frames) {
                    MemorySegment.copy(frame, 0, buffer, JAVA_BYTE, 0, frame.length);
                    long sent =
                            (long) SENDTO.invokeExact(state, fd, buffer, (long) frame.length, 0, to, SOCKADDR_LL_BYTES);
                    check("sendto, " + frame.length + " bytes", state, (int) sent);
                }
            } finally {
                close(fd);
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static void close(int fd) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            check("close", state, (int) CLOSE.invokeExact(state, fd));
        }
    }

    private static int check(String call, MemorySegment state, int result) {
        if (result < 0) {
            int errno = (int) Linker.Option.captureStateLayout()
                    .varHandle(MemoryLayout.PathElement.groupElement("errno"))
                    .get(state, 0L);
            throw new IllegalStateException(call + " failed with errno " + errno);
        }
        return result;
    }

    private static RuntimeException rethrow(Throwable e) {
        return switch (e) {
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }
}
