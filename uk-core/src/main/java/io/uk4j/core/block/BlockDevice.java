package io.uk4j.core.block;

import io.uk4j.core.Duty;
import io.uk4j.core.WaitSource;

/**
 * A disk: reads and writes whole sectors, completes out of order, and promises durability only at a flush.
 *
 * <p>Ownership: an accepted request, and the buffers that it names, belong to the device until the request's completion
 * is called. The device neither retains nor releases the buffers.
 *
 * <p>Durability: a write is durable when a flush submitted after the write's completion has completed. What was not
 * flushed may survive a crash, wholly, in part, or not.
 *
 * <p>Thread rule: loop-owned; completions are called by {@link #poll}.
 */
public interface BlockDevice extends AutoCloseable {
    /** What the device is and what it can do. The same for as long as the device is open. */
    BlockDeviceInfo info();

    /** What signals, once armed, that {@link #poll} has completions or that there is room again. */
    WaitSource source();

    /**
     * Starts a request. Never blocks on other requests; a hosted device may take as long as the host's own call takes.
     *
     * @param request complete and not under way; it is not checked again after it was accepted
     * @return false if the device's queue is full: the request stays with the caller
     * @throws IllegalArgumentException if the request reaches beyond the device, is not a multiple of its sector, has too
     *     many fragments, or writes to a device that is read-only; it stays with the caller
     * @throws io.uk4j.core.DeviceException if the device is gone for good
     */
    boolean submit(BlockRequest request);

    /**
     * Calls the completions of finished requests.
     *
     * @param limit how many at most, 1 or more
     * @return how many were called
     */
    int poll(int limit);

    /**
     * Asks for a signal of {@link #source} at the next completion.
     *
     * @return true if there is a completion already: then no signal need follow, and the caller polls again
     */
    boolean arm();

    /**
     * When {@link #poll} has something to do that no source announces: a request whose time is up, say.
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

    /** Completes what is under way with {@link BlockRequest#CLOSED} and closes. Closing twice has no further effect. */
    @Override
    void close();
}
