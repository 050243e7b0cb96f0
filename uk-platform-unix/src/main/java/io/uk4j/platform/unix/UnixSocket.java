package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A stream socket of the Unix family, which carries descriptors beside bytes (unix(7), SCM_RIGHTS). It blocks its thread, but
 * never for longer than it was told.
 *
 * <p>Thread rule: loop-owned.
 */
public final class UnixSocket implements AutoCloseable {
    /** How many descriptors go with one transfer. */
    public static final int DESCRIPTOR_LIMIT = 8;

    /** What {@link #receive} returns at the end of the stream, and when the connection is lost. */
    public static final int END = -1;

    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    // struct msghdr, of 64-bit Linux.
    private static final int MSGHDR_BYTES = 56;
    private static final int IOV = 16;
    private static final int IOV_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;

    // struct cmsghdr.
    private static final int CMSG_HEADER_BYTES = 16;
    private static final int CMSG_LEVEL = 8;
    private static final int CMSG_TYPE = 12;
    private static final int CONTROL_BYTES = CMSG_HEADER_BYTES + 4 * DESCRIPTOR_LIMIT;

    private final Clock clock = new HostClock();
    private final int fd;
    private final DescriptorSource source;
    private final MemorySegment callState = Posix.newCallState();
    private final MemorySegment header;
    private final MemorySegment iovec;
    private final MemorySegment control;
    private final MemorySegment pollfd;
    private boolean closed;

    UnixSocket(int fd) {
        this.fd = fd;
        source = new DescriptorSource(fd, Posix.EPOLLIN);
        MemorySegment memory = Arena.ofAuto().allocate(MSGHDR_BYTES + Posix.IOVEC_BYTES + CONTROL_BYTES + 8, 8);
        header = memory.asSlice(0, MSGHDR_BYTES);
        iovec = memory.asSlice(MSGHDR_BYTES, Posix.IOVEC_BYTES);
        control = memory.asSlice(MSGHDR_BYTES + Posix.IOVEC_BYTES, CONTROL_BYTES);
        pollfd = memory.asSlice(MSGHDR_BYTES + Posix.IOVEC_BYTES + CONTROL_BYTES, 8);
    }

    /**
     * Connects to a listening socket. Does not wait: whoever listens need not have accepted yet.
     *
     * @param path where it listens
     * @return the socket, to be closed by the caller
     * @throws DeviceException if nobody listens there, it is not permitted, or the path is too long
     */
    public static UnixSocket connect(String path) {
        MemorySegment state = Posix.newCallState();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketAddress.of(path, arena);
            int fd = PosixIpc.socket(state);
            int result = fd < 0 ? fd : PosixIpc.connect(fd, address, state);
            if (result < 0) {
                if (fd >= 0) {
                    Posix.close(fd);
                }
                throw new DeviceException(
                        "The socket " + path + " cannot be connected to: " + Posix.describe(-result),
                        null,
                        switch (-result) {
                            case Posix.ENOENT -> "start the other side first; the path is where it listens";
                            case PosixIpc.ECONNREFUSED -> "start the other side again: nobody listens any more";
                            case Posix.EACCES -> "chmod or chown the socket, or run as the user of the other side";
                            default -> null;
                        });
            }
            return new UnixSocket(fd);
        }
    }

    int fd() {
        return fd;
    }

    /** What ends a wait of the unix platform's waiter when there is something to receive, or the other side is gone. */
    public WaitSource source() {
        return source;
    }

    /**
     * Sends all of some bytes, and descriptors with the first of them.
     *
     * @param bytes native memory, not empty
     * @param descriptors of this process, which stay the caller's; {@value #DESCRIPTOR_LIMIT} at most
     * @param timeoutNs how long it may take
     * @return false if the connection is lost or the time is up: it is of no use any more
     */
    public boolean send(MemorySegment bytes, int[] descriptors, long timeoutNs) {
        checkOpen();
        long deadlineNs = clock.nowNs() + timeoutNs;
        setDescriptors(descriptors);
        long done = 0;
        while (done < bytes.byteSize()) {
            setRange(bytes, done);
            long result = PosixIpc.sendMessage(fd, header.address(), MSG_NOSIGNAL, callState);
            if (result > 0) {
                done += result;
                setDescriptors(new int[0]);
            } else if (!isTemporary(result) || !await(PosixIpc.POLLOUT, deadlineNs)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Receives what there is, waiting for the first byte.
     *
     * @param into native memory, not empty
     * @param descriptors filled from the front with descriptors that came along, which are the caller's from now on, to be
     *     closed with {@link #closeDescriptor}; the rest is -1. Those for which there is no room are closed
     * @param timeoutNs how long it may wait; 0 only looks
     * @return how many bytes; 0 if there was none in time; {@link #END} if there will be none
     */
    public int receive(MemorySegment into, int[] descriptors, long timeoutNs) {
        return receive(into, descriptors, timeoutNs, clock.nowNs() + timeoutNs);
    }

    /**
     * Receives all of some bytes; descriptors that come along are closed.
     *
     * @param into native memory
     * @param timeoutNs how long all of it may take
     * @return false if the connection is lost or the time is up: it is of no use any more
     */
    public boolean receiveAll(MemorySegment into, long timeoutNs) {
        long deadlineNs = clock.nowNs() + timeoutNs;
        int[] none = new int[0];
        long done = 0;
        while (done < into.byteSize()) {
            int bytes = receive(into.asSlice(done), none, timeoutNs, deadlineNs);
            if (bytes <= 0) {
                return false;
            }
            done += bytes;
        }
        return true;
    }

    private int receive(MemorySegment into, int[] descriptors, long timeoutNs, long deadlineNs) {
        checkOpen();
        Arrays.fill(descriptors, -1);
        while (true) {
            setRange(into, 0);
            header.set(JAVA_LONG, CONTROL, control.address());
            header.set(JAVA_LONG, CONTROL_LENGTH, CONTROL_BYTES);
            long result = PosixIpc.receiveMessage(fd, header.address(), MSG_CMSG_CLOEXEC, callState);
            if (result > 0) {
                takeDescriptors(descriptors);
                return (int) result;
            }
            if (!isTemporary(result)) {
                return END;
            }
            if (timeoutNs == 0 || !await(PosixIpc.POLLIN, deadlineNs)) {
                return 0;
            }
        }
    }

    /** Closes a descriptor that was received. */
    public static void closeDescriptor(int descriptor) {
        Posix.close(descriptor);
    }

    private static boolean isTemporary(long result) {
        return result == -Posix.EAGAIN || result == -Posix.EINTR;
    }

    private void setRange(MemorySegment bytes, long from) {
        iovec.set(JAVA_LONG, 0, bytes.address() + from);
        iovec.set(JAVA_LONG, 8, bytes.byteSize() - from);
        header.set(JAVA_LONG, IOV, iovec.address());
        header.set(JAVA_LONG, IOV_COUNT, 1);
    }

    private void setDescriptors(int[] descriptors) {
        int count = descriptors.length;
        if (count > DESCRIPTOR_LIMIT) {
            throw new IllegalArgumentException(count + " descriptors are more than " + DESCRIPTOR_LIMIT + ".");
        }
        header.set(JAVA_LONG, CONTROL, count == 0 ? 0 : control.address());
        // Of the last header and its data, padded (CMSG_SPACE); the length in it is without the padding (CMSG_LEN).
        header.set(JAVA_LONG, CONTROL_LENGTH, count == 0 ? 0 : CMSG_HEADER_BYTES + ((4L * count + 7) & -8L));
        control.set(JAVA_LONG, 0, CMSG_HEADER_BYTES + 4L * count);
        control.set(JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
        control.set(JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < count; i++) {
            control.set(JAVA_INT, CMSG_HEADER_BYTES + 4L * i, descriptors[i]);
        }
    }

    /** Takes the descriptors out of the control message; the kernel sends one such message at most for a stream socket. */
    private void takeDescriptors(int[] into) {
        long length = header.get(JAVA_LONG, CONTROL_LENGTH);
        if (length < CMSG_HEADER_BYTES
                || control.get(JAVA_INT, CMSG_LEVEL) != SOL_SOCKET
                || control.get(JAVA_INT, CMSG_TYPE) != SCM_RIGHTS) {
            return;
        }
        long count = (Math.min(control.get(JAVA_LONG, 0), length) - CMSG_HEADER_BYTES) / 4;
        for (int i = 0; i < count; i++) {
            int descriptor = control.get(JAVA_INT, CMSG_HEADER_BYTES + 4L * i);
            if (i < into.length) {
                into[i] = descriptor;
            } else {
                Posix.close(descriptor);
            }
        }
    }

    private boolean await(short events, long deadlineNs) {
        long leftNs = deadlineNs - clock.nowNs();
        if (leftNs <= 0) {
            return false;
        }
        pollfd.set(JAVA_INT, 0, fd);
        pollfd.set(JAVA_SHORT, 4, events);
        pollfd.set(JAVA_SHORT, 6, (short) 0);
        int timeoutMs = (int) Math.min(Integer.MAX_VALUE, (leftNs + 999_999) / 1_000_000);
        int result = PosixIpc.poll(pollfd, timeoutMs, callState);
        return result > 0 || result == -Posix.EINTR;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("This socket is closed.");
        }
    }

    /** Closes it, and takes it out of the waiter that it is registered with. Closing twice has no further effect. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            source.detach();
            Posix.close(fd);
        }
    }
}
