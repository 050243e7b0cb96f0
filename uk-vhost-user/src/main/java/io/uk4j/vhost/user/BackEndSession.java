package io.uk4j.vhost.user;

import io.uk4j.core.DeviceException;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.DeviceQueue;
import org.jspecify.annotations.Nullable;

/**
 * The back end's half of one connection: answers a front end's messages and has the queues that it describes. What a front end
 * says is checked; one that breaks the rules loses its connection.
 *
 * <p>Thread rule: loop-owned.
 */
final class BackEndSession implements AutoCloseable {
    private static final long PROTOCOL_OFFERED =
            ProtocolFeatures.MQ | ProtocolFeatures.REPLY_ACK | ProtocolFeatures.CONFIG;

    /** How long a header may take once it has begun, then its payload, and how long an answer may wait to be taken. */
    private static final long TIMEOUT_NS = 100_000_000;

    /** How many messages are answered at once. What is left ends the loop's next wait. */
    private static final int MESSAGE_LIMIT = 64;

    private static final int QUEUE_NUMBER_MASK = 0xff;

    /** What the session is to be told of. */
    interface Listener {
        /** From now on a queue is kicked by this descriptor; the one before is closed when this returns. */
        void kickable(int queue, @Nullable EventDescriptor kick);

        /** A queue is about to be stopped: what was taken from it is given back before this returns. */
        default void stopping(int queue) {}
    }

    private final UnixSocket socket;
    private final long offered;
    private final byte[] config;
    private final boolean hasConfig;
    private final Listener listener;
    private final BackEndRing[] rings;
    private final Message message = new Message();
    private @Nullable BackEndMemory memory;
    private long features;
    private long protocol;

    /**
     * Begins.
     *
     * @param socket of the connection, closed with this
     * @param queues how many queues the device has
     * @param offered its features
     * @param config its configuration; empty if the front end has one of its own
     */
    BackEndSession(UnixSocket socket, int queues, long offered, byte[] config, Listener listener) {
        this.socket = socket;
        this.offered = offered | ProtocolFeatures.OFFERED;
        this.config = config.clone();
        hasConfig = config.length > 0;
        this.listener = listener;
        rings = new BackEndRing[queues];
        for (int i = 0; i < queues; i++) {
            rings[i] = new BackEndRing();
        }
    }

    UnixSocket socket() {
        return socket;
    }

    /** The features that the front end accepted. */
    long features() {
        return features;
    }

    /** A queue, if it is in use. */
    @Nullable
    DeviceQueue queue(int number) {
        return rings[number].queue();
    }

    /** A queue, if it was started, enabled or not: what was taken from it can be given back. */
    @Nullable
    DeviceQueue startedQueue(int number) {
        return rings[number].startedQueue();
    }

    /** Notifies the driver of what was completed in a queue, if it wants to know. */
    void call(int number) {
        rings[number].call();
    }

    /**
     * Answers messages that have come, up to {@value #MESSAGE_LIMIT} of them.
     *
     * @return false if the connection is lost
     * @throws VirtioException if the front end broke the rules
     * @throws DeviceException if what it shares is not what it says
     */
    boolean serve() {
        for (int i = 0; i < MESSAGE_LIMIT; i++) {
            switch (message.receive(socket, 0, TIMEOUT_NS)) {
                case NOTHING -> {
                    return true;
                }
                case LOST -> {
                    return false;
                }
                case MESSAGE -> {
                    boolean needsReply = message.needsReply() && Features.has(protocol, ProtocolFeatures.REPLY_ACK);
                    boolean answered = handle();
                    message.closeDescriptors();
                    if (!answered && needsReply && !reply(message.beginReply().addLong(0))) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private boolean reply(Message answer) {
        return answer.send(socket, TIMEOUT_NS);
    }

    /** Does what a message asks for; returns whether that included an answer. */
    private boolean handle() {
        switch (message.request()) {
            case Request.GET_FEATURES -> {
                return reply(message.beginReply().addLong(offered));
            }
            case Request.GET_PROTOCOL_FEATURES -> {
                long own = hasConfig ? PROTOCOL_OFFERED : PROTOCOL_OFFERED & ~ProtocolFeatures.CONFIG;
                return reply(message.beginReply().addLong(own));
            }
            case Request.GET_QUEUE_NUM -> {
                return reply(message.beginReply().addLong(rings.length));
            }
            case Request.GET_CONFIG -> {
                return answerConfig();
            }
            case Request.GET_VRING_BASE -> {
                int index = message.intAt(0);
                BackEndRing stopped = ring(index);
                listener.stopping(index);
                int base = stopped.stop();
                return reply(message.beginReply().addInt(index).addInt(base));
            }
            case Request.SET_PROTOCOL_FEATURES -> protocol = message.longAt(0) & PROTOCOL_OFFERED;
            case Request.SET_FEATURES -> acceptFeatures(message.longAt(0));
            case Request.SET_MEM_TABLE -> replaceMemory();
            case Request.SET_VRING_NUM -> ring(message.intAt(0)).size(message.intAt(4));
            case Request.SET_VRING_BASE -> ring(message.intAt(0)).base(message.intAt(4));
            case Request.SET_VRING_ADDR ->
                ring(message.intAt(0)).addresses(message.longAt(8), message.longAt(24), message.longAt(16));
            case Request.SET_VRING_ENABLE -> ring(message.intAt(0)).enable(message.intAt(4) != 0);
            case Request.SET_VRING_CALL ->
                ring((int) message.longAt(0) & QUEUE_NUMBER_MASK).call(passedEvent());
            case Request.SET_VRING_KICK -> startRing();
            case Request.SET_OWNER, Request.RESET_OWNER, Request.SET_VRING_ERR, Request.NET_SET_MTU -> {
                // Nothing here depends on them.
            }
            default ->
                throw new VirtioException(
                        Violation.PROTOCOL, "The front end sends message " + message.request() + ", unknown here.");
        }
        return false;
    }

    private BackEndRing ring(int number) {
        if (number < 0 || number >= rings.length) {
            throw new VirtioException(Violation.PROTOCOL, "The front end speaks of queue " + number + ".");
        }
        return rings[number];
    }

    private void acceptFeatures(long accepted) {
        if ((accepted & ~offered) != 0) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "The front end accepts features that were not offered: 0x" + Long.toHexString(accepted & ~offered));
        }
        features = accepted;
        if (!Features.has(accepted, ProtocolFeatures.OFFERED)) {
            // Without protocol features there is no message that enables a queue.
            for (BackEndRing ring : rings) {
                ring.enable(true);
            }
        }
    }

    /**
     * Takes over a new memory table. It may come while queues are in use: QEMU sends one whenever the guest's firmware moves memory about.
     * What was taken from the queues is given back first, and then they are found again where the new table has them.
     */
    private void replaceMemory() {
        boolean[] wasStarted = new boolean[rings.length];
        for (int i = 0; i < rings.length; i++) {
            wasStarted[i] = rings[i].isStarted();
            if (wasStarted[i]) {
                listener.stopping(i);
                rings[i].stop();
            }
        }
        closeMemory();
        BackEndMemory shared = new BackEndMemory(message);
        memory = shared;
        for (int i = 0; i < rings.length; i++) {
            if (wasStarted[i]) {
                rings[i].start(shared, features);
            }
        }
    }

    private boolean answerConfig() {
        int offset = message.intAt(0);
        int size = message.intAt(4);
        int flags = message.intAt(8);
        if (offset < 0 || size < 0 || size > Message.PAYLOAD_LIMIT - 12) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "The front end asks for " + size + " bytes of configuration at " + offset + ".");
        }
        byte[] part = new byte[size];
        if (offset < config.length) {
            System.arraycopy(config, offset, part, 0, Math.min(size, config.length - offset));
        }
        return reply(
                message.beginReply().addInt(offset).addInt(size).addInt(flags).addBytes(part));
    }

    private void startRing() {
        int number = (int) message.longAt(0) & QUEUE_NUMBER_MASK;
        BackEndRing ring = ring(number);
        EventDescriptor kick = passedEvent();
        EventDescriptor old = ring.kick(kick);
        listener.kickable(number, kick);
        if (old != null) {
            old.close();
        }
        BackEndMemory shared = memory;
        if (shared == null) {
            throw new VirtioException(Violation.PROTOCOL, "A queue is started before any memory is shared.");
        }
        ring.start(shared, features);
    }

    private @Nullable EventDescriptor passedEvent() {
        if ((message.longAt(0) & Message.NO_DESCRIPTOR) != 0) {
            return null;
        }
        int descriptor = message.takeDescriptor(0);
        return descriptor < 0 ? null : EventDescriptor.adopt(descriptor);
    }

    private void closeMemory() {
        BackEndMemory old = memory;
        memory = null;
        if (old != null) {
            old.close();
        }
    }

    @Override
    public void close() {
        for (BackEndRing ring : rings) {
            ring.close();
        }
        closeMemory();
        message.closeDescriptors();
        socket.close();
    }
}
