package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.uk4j.core.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The {@code struct sockaddr_un} of a path. */
final class SocketAddress {
    private static final int FAMILY_BYTES = 2;

    /** What the structure has room for, less the zero at the end. */
    private static final int PATH_LIMIT = 107;

    private SocketAddress() {}

    static MemorySegment of(String path, Arena arena) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > PATH_LIMIT) {
            throw new DeviceException(
                    "A socket cannot have the path '" + path + "', of " + bytes.length + " bytes.",
                    "A path has 1 to " + PATH_LIMIT + " bytes (unix(7)).",
                    "a socket in /tmp or /run");
        }
        MemorySegment address = arena.allocate(FAMILY_BYTES + bytes.length + 1, 8);
        address.set(JAVA_SHORT, 0, (short) 1);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, FAMILY_BYTES, bytes.length);
        return address;
    }
}
