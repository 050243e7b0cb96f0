package io.uk4j.core.net;

import io.uk4j.core.Duty;
import io.uk4j.core.WaitSource;

/**
 * A network interface that moves Ethernet frames in batches, without a frame check sequence.
 *
 * <p>Ownership: a frame's buffers, one reference each, belong to whoever holds the frame. {@link #poll} hands frames to
 * the caller, {@link #offer} hands the accepted ones to the device; nobody copies.
 *
 * <p>Thread rule: loop-owned.
 */
public interface NetDevice extends AutoCloseable {
    /** What the device is and what it can do. The same for as long as the device is open. */
    NetDeviceInfo info();

    /** What signals, once armed, that {@link #poll} or {@link #offer} can make progress again. */
    WaitSource source();

    /**
     * Receives what has arrived, up to the free space of the batch. The caller owns the frames. Never blocks.
     *
     * @param into frames are appended
     * @return how many frames were appended; 0 if none has arrived, the batch is full, or the pool has no buffer left
     * @throws io.uk4j.core.DeviceException if the device is gone for good; frames appended before stay with the caller
     */
    int poll(FrameBatch into);

    /**
     * Hands frames over for transmission, from the front of the batch. Those accepted belong to the device, which
     * releases their buffers when they are sent, and are gone from the batch; the others stay, in order, with the caller.
     * A frame that the device cannot carry (too long, too many fragments, an offload it did not announce) is dropped and
     * counted, and is an accepted frame. Never blocks.
     *
     * @param from frames to send
     * @return how many frames were accepted; fewer than there are if the device's queue is full
     * @throws io.uk4j.core.DeviceException if the device is gone for good; frames not accepted stay with the caller
     */
    int offer(FrameBatch from);

    /** Makes sure that the far side notices what was offered. Called once after a series of offers. */
    void flush();

    /**
     * Asks for a signal of {@link #source} when frames arrive, or when room comes after an offer was cut short. Holds
     * until the signal is given.
     *
     * @return true if there is work already: then no signal need follow, and the caller polls again
     */
    boolean arm();

    /**
     * When {@link #poll} has something to do that no source announces: to look again for a device that has gone away, say.
     *
     * @return a time of the platform's clock, or {@link Duty#NO_DEADLINE}
     */
    default long nextDeadlineNs() {
        return Duty.NO_DEADLINE;
    }

    /** What the device is and what was agreed on with its other side, in a few lines for an operator; may be empty. */
    default String describe() {
        return "";
    }

    /** Closes the device and releases all buffers that it owns. Closing twice has no further effect. */
    @Override
    void close();
}
