package io.uk4j.vhost.user;

import io.uk4j.core.DeviceException;
import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;

/**
 * The front end's half of one connection: asks and waits for the answer, no longer than agreed.
 *
 * <p>Thread rule: loop-owned.
 */
final class FrontEnd implements AutoCloseable {
    private final String path;
    private final UnixSocket socket;
    private final long timeoutNs;
    private final Message message = new Message();
    private boolean acknowledges;

    private FrontEnd(String path, UnixSocket socket, long timeoutNs) {
        this.path = path;
        this.socket = socket;
        this.timeoutNs = timeoutNs;
    }

    /**
     * Connects to a back end.
     *
     * @throws DeviceException if nobody listens there
     */
    static FrontEnd connect(String path, long timeoutNs) {
        return new FrontEnd(path, UnixSocket.connect(path), timeoutNs);
    }

    UnixSocket socket() {
        return socket;
    }

    /** From now on the back end confirms each message (VHOST_USER_PROTOCOL_F_REPLY_ACK). */
    void acknowledges() {
        acknowledges = true;
    }

    /** Asks for a number. */
    long get(int request) {
        return call(message.begin(request), 8).longAt(0);
    }

    /** Begins a message, to be completed and passed on to {@link #tell} or {@link #call}. */
    Message message(int request) {
        return message.begin(request);
    }

    /**
     * Sends a message that has no answer of its own.
     *
     * @throws VirtioException if the back end refuses it
     * @throws DeviceException if the connection is lost, or there is no confirmation in time
     */
    void tell(Message told, int... descriptors) {
        int request = told.request();
        if (acknowledges) {
            told.needReply();
        }
        send(told, descriptors);
        if (acknowledges) {
            long result = answer(request, 8).longAt(0);
            if (result != 0) {
                throw new VirtioException(
                        Violation.PROTOCOL, "The back end refuses message " + request + " with " + result + ".");
            }
        }
    }

    /**
     * Sends a message and waits for its answer.
     *
     * @param payloadBytes what the answer has at least
     * @return the answer, good until the next message
     */
    Message call(Message asked, int payloadBytes, int... descriptors) {
        int request = asked.request();
        send(asked, descriptors);
        return answer(request, payloadBytes);
    }

    private void send(Message sent, int... descriptors) {
        if (!sent.send(socket, timeoutNs, descriptors)) {
            throw lost("takes no message");
        }
    }

    private Message answer(int request, int payloadBytes) {
        Message.Received received = message.receive(socket, timeoutNs, timeoutNs);
        if (received != Message.Received.MESSAGE) {
            throw lost(
                    received == Message.Received.NOTHING
                            ? "does not answer message " + request + " within " + timeoutNs / 1_000_000 + " ms"
                            : "closed the connection instead of answering message " + request);
        }
        if (message.request() != request || !message.isReply() || message.payloadBytes() < payloadBytes) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "The back end answers message " + request + " with message " + message.request() + " of "
                            + message.payloadBytes() + " bytes.");
        }
        return message;
    }

    private DeviceException lost(String what) {
        return new DeviceException(
                "The back end at " + path + " " + what + ".",
                null,
                "look whether it serves somebody else: most back ends serve one at a time");
    }

    /**
     * Whether the connection is lost. The back end sends nothing by itself, so all that can be received is the end.
     *
     * @throws VirtioException if something was received
     */
    boolean isLost() {
        Message.Received received = message.receive(socket, 0, timeoutNs);
        if (received == Message.Received.MESSAGE) {
            throw new VirtioException(
                    Violation.PROTOCOL, "The back end sends message " + message.request() + " without being asked.");
        }
        return received == Message.Received.LOST;
    }

    @Override
    public void close() {
        message.closeDescriptors();
        socket.close();
    }
}
