package io.uk4j.virtio;

import io.uk4j.core.WaitSource;
import io.uk4j.virtio.queue.QueueAreas;

/**
 * How a driver reaches its device: registers on a bus, or messages to a back end in another process. The order of calls is that
 * of VIRTIO 1.3, section 3.1: {@link #reset}, {@link #offeredFeatures}, {@link #accept}, {@link #connect} for each queue, {@link
 * #start}; and again from {@link #reset} on.
 *
 * <p>Each call but {@link #close} may throw a {@link VirtioException} where the device breaks the rules, and a {@link
 * io.uk4j.core.DeviceException} where there is no device (any more); it can be tried again from {@link #reset} on.
 *
 * <p>Thread rule: loop-owned.
 */
public interface VirtioTransport extends AutoCloseable {
    /** Bit of {@link #pollEvents}: the configuration has changed. */
    int CONFIG_CHANGED = 1;

    /** Bit of {@link #pollEvents}: the device is of no use until it is reset, or has gone away. */
    int NEEDS_RESET = 2;

    /** What a user calls the device, such as {@code vhost-user:/run/net.sock}. */
    String name();

    /**
     * Makes the device stop and forget everything; it uses no queue and no buffer any more. Finds the device anew if it has gone
     * away. May take as long as the transport's own time-out.
     */
    void reset();

    /** The features that the device offers, as bits. */
    long offeredFeatures();

    /** Settles the features; a device that does not take them has broken the rules. */
    void accept(long features);

    /**
     * Reads a field of the device's configuration, as one consistent value.
     *
     * @param offset where it begins
     * @param bytes 1, 2, 4 or 8
     * @return its value, from little-endian, unsigned where it has less than 8 bytes
     */
    long config(int offset, int bytes);

    /**
     * Writes a field of the device's configuration, at any time, also of a device that was not started or is at fault.
     *
     * @param offset where it begins
     * @param bytes 1, 2, 4 or 8
     * @param value its value
     * @return false if the device has no such field, or this transport cannot write any
     */
    default boolean tryWriteConfig(int offset, int bytes, long value) {
        return false;
    }

    /** How many entries a queue may have at most; 0 if there is no such queue. */
    int queueLimit(int queue);

    /**
     * Shows the device a queue.
     *
     * @param queue its number
     * @param areas where it lies; empty, and not to be moved until the next {@link #reset}
     */
    QueueLink connect(int queue, QueueAreas areas);

    /** Lets the device begin, with the queues that are connected. */
    void start();

    /**
     * What has happened since the last call: {@link #CONFIG_CHANGED}, {@link #NEEDS_RESET}, both or 0. May cost a system call:
     * it is for when a driver is about to sleep, not for each packet.
     */
    int pollEvents();

    /** What ends a wait when {@link #pollEvents} has something to say; the same for as long as the transport is open. */
    WaitSource source();

    /** What an operator is told of how the device is reached, in one line; empty where the name says it all. */
    default String describe() {
        return "";
    }

    /** Makes the device stop, as {@link #reset} does where it can, and closes. Closing twice has no further effect. */
    @Override
    void close();
}
