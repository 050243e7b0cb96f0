package io.uk4j.vhost.user;

import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * One message of the vhost-user protocol, in memory that is used again for the next one: a header of 12 bytes (request, flags,
 * size), a payload in the octet order of the machine, and descriptors that go along. Fields are read within the payload that
 * was received; what does not lie there is a violation of the protocol.
 *
 * <p>Thread rule: loop-owned.
 */
final class Message {
    static final int HEADER_BYTES = 12;

    /** More than any message of this protocol that is used here: a configuration space of 256 bytes, or 8 regions. */
    static final int PAYLOAD_LIMIT = 1024;

    /** No descriptor comes along with a queue's number (in SET_VRING_KICK, CALL and ERR). */
    static final int NO_DESCRIPTOR = 0x100;

    private static final int VERSION = 1;
    private static final int VERSION_MASK = 3;
    private static final int REPLY = 1 << 2;
    private static final int NEED_REPLY = 1 << 3;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final MemorySegment memory = Arena.ofAuto().allocate(HEADER_BYTES + PAYLOAD_LIMIT, 8);
    private final int[] descriptors = new int[UnixSocket.DESCRIPTOR_LIMIT];
    private int payloadBytes;

    /** Creates an empty message. */
    Message() {
        Arrays.fill(descriptors, -1);
    }

    /** Begins a message without payload. */
    Message begin(int request) {
        memory.set(INT, 0, request);
        memory.set(INT, 4, VERSION);
        payloadBytes = 0;
        return this;
    }

    /** Begins the answer to the message that is here. */
    Message beginReply() {
        memory.set(INT, 4, VERSION | REPLY);
        payloadBytes = 0;
        return this;
    }

    Message needReply() {
        memory.set(INT, 4, VERSION | NEED_REPLY);
        return this;
    }

    Message addInt(int value) {
        memory.set(INT, grow(4), value);
        return this;
    }

    Message addLong(long value) {
        memory.set(LONG, grow(8), value);
        return this;
    }

    Message addBytes(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, grow(bytes.length), bytes.length);
        return this;
    }

    private long grow(int bytes) {
        if (bytes > PAYLOAD_LIMIT - payloadBytes) {
            throw new IllegalStateException("A message has no room for " + bytes + " bytes more.");
        }
        int at = HEADER_BYTES + payloadBytes;
        payloadBytes += bytes;
        return at;
    }

    int request() {
        return memory.get(INT, 0);
    }

    boolean isReply() {
        return (memory.get(INT, 4) & REPLY) != 0;
    }

    boolean needsReply() {
        return (memory.get(INT, 4) & NEED_REPLY) != 0;
    }

    int payloadBytes() {
        return payloadBytes;
    }

    int intAt(int offset) {
        return memory.get(INT, HEADER_BYTES + check(offset, 4));
    }

    long longAt(int offset) {
        return memory.get(LONG, HEADER_BYTES + check(offset, 8));
    }

    byte[] bytesAt(int offset, int bytes) {
        return memory.asSlice(HEADER_BYTES + check(offset, bytes), bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    private long check(int offset, int bytes) {
        if (bytes < 0 || offset < 0 || offset > payloadBytes - bytes) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "Message " + request() + " has " + payloadBytes + " bytes of payload, not the " + bytes + " at "
                            + offset + ".");
        }
        return offset;
    }

    /** Takes a descriptor that came along, which is the caller's from now on; -1 if there was none. */
    int takeDescriptor(int index) {
        int descriptor = descriptors[index];
        descriptors[index] = -1;
        return descriptor;
    }

    /** Closes the descriptors that came along and that nobody took. */
    void closeDescriptors() {
        for (int i = 0; i < descriptors.length; i++) {
            if (descriptors[i] >= 0) {
                UnixSocket.closeDescriptor(descriptors[i]);
                descriptors[i] = -1;
            }
        }
    }

    /**
     * Sends the message.
     *
     * @param passed descriptors that go along, which stay the caller's
     * @return false if the connection is lost or too slow
     */
    boolean send(UnixSocket socket, long timeoutNs, int... passed) {
        memory.set(INT, 8, payloadBytes);
        return socket.send(memory.asSlice(0, HEADER_BYTES + payloadBytes), passed, timeoutNs);
    }

    /** What {@link #receive} found. */
    enum Received {
        /** A whole message, which is here now. */
        MESSAGE,
        /** Nothing, in the time that there was. */
        NOTHING,
        /** The connection is lost, or was so slow in the middle of a message that it is of no use. */
        LOST
    }

    /**
     * Receives the next message.
     *
     * @param waitNs how long to wait for its first byte
     * @param timeoutNs how long the rest of the header may take, and then the payload
     * @throws VirtioException if what was received is not a message
     */
    Received receive(UnixSocket socket, long waitNs, long timeoutNs) {
        closeDescriptors();
        payloadBytes = 0;
        int done = socket.receive(memory.asSlice(0, HEADER_BYTES), descriptors, waitNs);
        if (done == 0) {
            return Received.NOTHING;
        }
        if (done < 0 || !socket.receiveAll(memory.asSlice(done, HEADER_BYTES - done), timeoutNs)) {
            return Received.LOST;
        }
        int size = memory.get(INT, 8);
        if ((memory.get(INT, 4) & VERSION_MASK) != VERSION || size < 0 || size > PAYLOAD_LIMIT) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "Not a message of the vhost-user protocol: request " + request() + ", flags 0x"
                            + Integer.toHexString(memory.get(INT, 4)) + ", size " + Integer.toUnsignedString(size)
                            + ".");
        }
        if (!socket.receiveAll(memory.asSlice(HEADER_BYTES, size), timeoutNs)) {
            return Received.LOST;
        }
        payloadBytes = size;
        return Received.MESSAGE;
    }
}
