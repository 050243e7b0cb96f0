package io.uk4j.platform.unix;

import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket of the Unix family.
 *
 * <p>Thread rule: loop-owned.
 */
public final class UnixListener implements AutoCloseable {
    private static final int BACKLOG = 16;

    private final int fd;
    private final String path;
    private final DescriptorSource source;
    private final MemorySegment callState = Posix.newCallState();
    private boolean closed;

    private UnixListener(int fd, String path) {
        this.fd = fd;
        this.path = path;
        source = new DescriptorSource(fd, Posix.EPOLLIN);
    }

    /**
     * Listens at a path. A socket that stands there and to which nobody listens any more is replaced.
     *
     * @param path where
     * @return the listener, to be closed by the caller
     * @throws DeviceException if somebody listens there already, something else is there, the folder is missing or not
     *     permitted, or the path is too long
     */
    public static UnixListener open(String path) {
        MemorySegment state = Posix.newCallState();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketAddress.of(path, arena);
            int result = bind(address, state);
            if (result == -PosixIpc.EADDRINUSE && isSocket(path) && isStale(address, state)) {
                delete(path);
                result = bind(address, state);
            }
            if (result < 0) {
                throw new DeviceException(
                        "The socket " + path + " cannot be listened at: " + Posix.describe(-result),
                        null,
                        result == -PosixIpc.EADDRINUSE ? "another path, or end who listens there" : null);
            }
            return new UnixListener(result, path);
        }
    }

    private static int bind(MemorySegment address, MemorySegment state) {
        int fd = PosixIpc.socket(state);
        if (fd < 0) {
            return fd;
        }
        int result = PosixIpc.bind(fd, address, state);
        if (result >= 0) {
            result = PosixIpc.listen(fd, BACKLOG, state);
        }
        if (result < 0) {
            Posix.close(fd);
            return result;
        }
        return fd;
    }

    private static boolean isSocket(String path) {
        try {
            return Files.readAttributes(Path.of(path), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther();
        } catch (IOException _) {
            return false;
        }
    }

    private static boolean isStale(MemorySegment address, MemorySegment state) {
        int fd = PosixIpc.socket(state);
        if (fd < 0) {
            return false;
        }
        int result = PosixIpc.connect(fd, address, state);
        Posix.close(fd);
        return result == -PosixIpc.ECONNREFUSED;
    }

    private static void delete(String path) {
        try {
            Files.deleteIfExists(Path.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What ends a wait of the unix platform's waiter when somebody wants to be accepted. */
    public WaitSource source() {
        return source;
    }

    /** Accepts the next connection, to be closed by the caller; null if nobody wants to be accepted. */
    public @Nullable UnixSocket accept() {
        int accepted = PosixIpc.accept(fd, callState);
        return accepted < 0 ? null : new UnixSocket(accepted);
    }

    /** Stops listening and deletes the path. Closing twice has no further effect. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            source.detach();
            Posix.close(fd);
            delete(path);
        }
    }
}
