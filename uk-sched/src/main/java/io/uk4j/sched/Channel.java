package io.uk4j.sched;

import io.uk4j.core.Duty;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue between fibers, and between them and callbacks on the loop. Who sends waits for space, who receives waits for
 * items, both first come, first served.
 *
 * <p>Thread rule: {@link #send} and {@link #receive} are shared, and allocate only when they wait or are called off the loop; the rest
 * is loop-owned.
 */
public final class Channel<T> {
    private final Loop loop;
    private final int capacity;
    private final ArrayDeque<T> items;
    private final WaitQueue senders;
    private final WaitQueue receivers;
    private boolean closed;

    /**
     * Creates an open, empty channel.
     *
     * @param loop whose state it is
     * @param capacity how many items it holds, more than 0
     * @throws IllegalArgumentException if the capacity is not positive
     */
    public Channel(Loop loop, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("A channel of " + capacity + " items");
        }
        this.loop = loop;
        this.capacity = capacity;
        items = new ArrayDeque<>();
        senders = new WaitQueue(loop);
        receivers = new WaitQueue(loop);
    }

    /**
     * Sends an item, and waits for space.
     *
     * @param item what to send
     * @return true if the channel took it, false if the channel is or has been closed
     * @throws InterruptedException if the caller was or is interrupted before the channel took the item
     * @throws LoopEndedException if the loop has ended, or ends before the channel took the item
     * @throws IllegalStateException if it is called on the loop's bare thread and there is no space
     */
    public boolean send(T item) throws InterruptedException {
        Objects.requireNonNull(item, "item");
        if (loop.inLoop() && offer(item)) {
            return true;
        }
        Send send = new Send(item);
        boolean _ = senders.awaitUntil(send::isDone, Duty.NO_DEADLINE);
        return send.taken;
    }

    /**
     * Receives an item, and waits for one.
     *
     * @return the oldest item, or null if the channel is closed and empty
     * @throws InterruptedException if the caller was or is interrupted before there was an item
     * @throws LoopEndedException if the loop has ended, or ends before there was an item
     * @throws IllegalStateException if it is called on the loop's bare thread and there is no item
     */
    public @Nullable T receive() throws InterruptedException {
        T item = loop.inLoop() ? tryReceive() : null;
        if (item != null) {
            return item;
        }
        Receive receive = new Receive();
        boolean _ = receivers.awaitUntil(receive::isDone, Duty.NO_DEADLINE);
        return receive.item;
    }

    /**
     * Sends an item if there is space now. For callbacks.
     *
     * @param item what to send
     * @return false if the channel is full or closed: it did not take the item
     */
    public boolean offer(T item) {
        Objects.requireNonNull(item, "item");
        if (closed || items.size() == capacity) {
            return false;
        }
        items.addLast(item);
        boolean _ = receivers.signal();
        return true;
    }

    /** Receives the oldest item if there is one now, else null. For callbacks. */
    public @Nullable T tryReceive() {
        T item = items.pollFirst();
        if (item != null) {
            boolean _ = senders.signal();
        }
        return item;
    }

    /** Takes no more items; those inside can still be received. Who waits to send gets false. Closing twice has no further effect. */
    public void close() {
        if (!closed) {
            closed = true;
            int _ = senders.signalAll();
            int _ = receivers.signalAll();
        }
    }

    /** Whether the channel was closed. */
    public boolean isClosed() {
        return closed;
    }

    /** How many items are inside. */
    public int size() {
        return items.size();
    }

    private final class Send {
        private final T item;
        private boolean taken;

        Send(T item) {
            this.item = item;
        }

        boolean isDone() {
            taken = offer(item);
            return taken || closed;
        }
    }

    private final class Receive {
        private @Nullable T item;

        boolean isDone() {
            item = tryReceive();
            return item != null || closed;
        }
    }
}
