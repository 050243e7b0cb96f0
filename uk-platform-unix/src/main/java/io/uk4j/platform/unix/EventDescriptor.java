package io.uk4j.platform.unix;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import io.uk4j.core.WaitSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A counter of events that two processes share by its descriptor (eventfd(2)). One side signals; for the other it is a source
 * that ends a wait once after each signal, without ever being read.
 *
 * <p>Thread rule: {@link #signal} is shared; the rest belongs to the loop that waits.
 */
public final class EventDescriptor implements AutoCloseable {
    /** What the host calls one (proc_pid_fd(5)). */
    private static final String KIND = "anon_inode:[eventfd]";

    private final int fd;
    private final DescriptorSource source;
    private boolean closed;

    private EventDescriptor(int fd) {
        this.fd = fd;
        // Edge-triggered: see EpollWaiter.
        source = new DescriptorSource(fd, Posix.EPOLLIN | Posix.EPOLLET);
    }

    /**
     * Makes one.
     *
     * @throws PlatformException if the host refuses
     */
    public static EventDescriptor create() {
        MemorySegment state = Posix.newCallState();
        int fd = Posix.eventfd(state);
        if (fd < 0) {
            throw new PlatformException(
                    "eventfd failed: " + Posix.describe(-fd), null, fd == -Posix.EMFILE ? "ulimit -n 65536" : null);
        }
        return new EventDescriptor(fd);
    }

    /**
     * Takes one over that another process has made. It does not block from now on, for either process, unless
     * the other one changes that back: whether it blocks belongs to what both share.
     *
     * @param fd its descriptor, which is this object's from now on; closed also if this fails
     * @throws DeviceException if it is something else
     */
    public static EventDescriptor adopt(int fd) {
        // Something else could not be waited for, or would hold up whoever signals.
        String kind = kind(fd);
        if (!kind.equals(KIND) || PosixIpc.setNonBlocking(fd, Posix.newCallState()) < 0) {
            Posix.close(fd);
            throw new DeviceException(
                    "The other process passes " + kind + " where an event descriptor belongs.", null, null);
        }
        return new EventDescriptor(fd);
    }

    private static String kind(int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
        } catch (IOException e) {
            return "nothing that is open (" + e + ")";
        }
    }

    /** Its descriptor, which stays this object's. */
    public int fd() {
        return fd;
    }

    /** What ends a wait of the unix platform's waiter. */
    public WaitSource source() {
        return source;
    }

    /** Adds one event. */
    public void signal() {
        Posix.signal(fd);
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
