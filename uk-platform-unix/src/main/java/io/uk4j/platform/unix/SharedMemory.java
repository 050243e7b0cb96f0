package io.uk4j.platform.unix;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that can be shared with another process by passing its descriptor on (memfd_create(2)). The host commits a page when
 * it is first touched. What {@link #create} makes is sealed: nobody who has the descriptor can make it smaller, so nobody can
 * make an access to it fail.
 *
 * <p>All pages of a platform in its Linux mode lie in one piece of such memory, which is their {@link
 * io.uk4j.core.Pages#handle}.
 *
 * <p>Thread rule: shared; who closes it makes sure that nobody uses it any more.
 */
public final class SharedMemory implements AutoCloseable {
    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private SharedMemory(int fd, long address, long bytes) {
        this.fd = fd;
        segment = Posix.segment(address, bytes, arena, mapped -> Posix.unmap(mapped.address(), bytes));
    }

    /**
     * Makes zeroed memory.
     *
     * @param name shown in the host's {@code /proc/PID/maps}
     * @param bytes how much, a multiple of the host's page
     * @throws PlatformException if the host refuses
     */
    public static SharedMemory create(String name, long bytes) {
        MemorySegment state = Posix.newCallState();
        int fd = PosixIpc.memory(name, bytes, state);
        if (fd < 0) {
            throw refused(name, bytes, -fd);
        }
        long address = PosixIpc.map(fd, 0, bytes, state);
        if (address < 0) {
            Posix.close(fd);
            throw refused(name, bytes, (int) -address);
        }
        return new SharedMemory(fd, address, bytes);
    }

    /**
     * Maps memory of another process.
     *
     * @param fd its descriptor, which is this object's from now on; closed also if this fails
     * @param offset where the range begins in it, a multiple of the host's page
     * @param bytes how long the range is, more than 0
     * @throws DeviceException if the range does not lie in the memory, or the host refuses to map it
     */
    public static SharedMemory map(int fd, long offset, long bytes) {
        MemorySegment state = Posix.newCallState();
        long size = PosixIpc.size(fd, state);
        if (offset < 0 || bytes <= 0 || bytes > size || offset > size - bytes) {
            Posix.close(fd);
            throw new DeviceException(
                    "The other process shares " + bytes + " bytes from " + offset + " on of memory that has "
                            + Math.max(size, 0) + ".",
                    null,
                    null);
        }
        long address = PosixIpc.map(fd, offset, bytes, state);
        if (address < 0) {
            Posix.close(fd);
            throw new DeviceException(
                    bytes + " bytes of another process's memory cannot be mapped: " + Posix.describe((int) -address),
                    null,
                    null);
        }
        return new SharedMemory(fd, address, bytes);
    }

    private static PlatformException refused(String name, long bytes, int errno) {
        return new PlatformException(
                "The host gives no shared memory (" + name + ", " + bytes + " bytes): " + Posix.describe(errno),
                null,
                "a smaller uk.unix.memory, or uk.unix.portable=true");
    }

    /** Its descriptor, which stays this object's. */
    public int fd() {
        return fd;
    }

    /** The memory, for any thread, until this is closed. */
    public MemorySegment segment() {
        return segment;
    }

    /** Unmaps it and closes the descriptor. Closing twice has no further effect. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            Posix.close(fd);
        }
    }
}
