package io.uk4j.virtio.queue;

import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;

/**
 * A virtqueue seen by the driver. A chain is one or more ranges of memory, first those that the device reads, then those that
 * it writes; while it is under way it has an id from 0 to {@link #size} - 1, by which the driver keeps what belongs to it in
 * plain arrays. Nothing is allocated after creation. What the device writes is read once, checked, then used.
 *
 * <pre>
 * queue.add(address, length, false); ... int id = queue.end();      for each chain, while space() suffices
 * queue.publish(); if (queue.needsKick()) link.kick();              once for all of them
 *
 * for (int id = queue.poll(); id >= 0; id = queue.poll()) ...       what is done; usedBytes() belongs to the last one
 * if (!queue.arm()) sleep                                           a notification follows the next one done
 * </pre>
 *
 * <p>Thread rule: loop-owned.
 */
public abstract sealed class Virtqueue permits SplitVirtqueue {
    /** What {@link #poll} returns when nothing is done. */
    public static final int NONE = -1;

    Virtqueue() {}

    /**
     * How many bytes of memory a queue needs, indirect tables included.
     *
     * @param size how many entries
     * @param features those accepted
     */
    public static long bytes(int size, long features) {
        return SplitLayout.bytes(size, Features.has(features, Features.INDIRECT_DESC));
    }

    /**
     * Creates a queue, empty and without notifications enabled.
     *
     * @param size how many entries: a power of two, 2 to 32,768
     * @param features those accepted; INDIRECT_DESC, EVENT_IDX and IN_ORDER are followed
     * @param memory of {@link #bytes} or more, aligned to 16; stays the caller's, for as long as the queue is used
     * @throws IllegalArgumentException if the size is out of its range, the memory too small, or the packed layout asked for
     */
    public static Virtqueue create(int size, long features, Pages memory) {
        if (size < 2 || size > 32_768 || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException(
                    "A queue of " + size + " entries is not a power of two from 2 to 32768.");
        }
        if (memory.segment().byteSize() < bytes(size, features)) {
            throw new IllegalArgumentException("A queue of " + size + " entries needs " + bytes(size, features)
                    + " bytes, not " + memory.segment().byteSize() + ".");
        }
        if (Features.has(features, Features.RING_PACKED)) {
            throw new IllegalArgumentException("The packed layout is not there yet; do not accept it.");
        }
        return new SplitVirtqueue(size, features, memory);
    }

    /** How many entries it has. */
    public abstract int size();

    /** Its layout and size, for an operator, such as {@code split queues of 256}. */
    public abstract String describe();

    /** Where it lies, for the transport. */
    public abstract QueueAreas areas();

    /** How many ranges a chain may have now; 0 if there is no place for any chain. With indirect tables a chain takes one entry. */
    public abstract int space();

    /** For how many chains of one range there is space. */
    public abstract int chains();

    /** The id that the chain that is being built will have, so that what belongs to it can be prepared first. */
    public abstract int nextId();

    /**
     * Adds a range to the chain that is being built.
     *
     * @param address of the device's
     * @param length in bytes, more than 0
     * @param writable whether the device writes it; no range that it reads may follow
     */
    public abstract void add(long address, int length, boolean writable);

    /** Ends the chain that is being built, and returns its id. The device does not see it before {@link #publish}. */
    public abstract int end();

    /** Shows the device all chains that were ended. */
    public abstract void publish();

    /** Whether the device wants a notification of what was published since the last call. */
    public abstract boolean needsKick();

    /**
     * Takes the next chain that the device is done with.
     *
     * @return its id, or {@link #NONE}
     * @throws io.uk4j.virtio.VirtioException if the device has broken the rules: the queue is of no use until it is reset
     */
    public abstract int poll();

    /** How many bytes the device says to have written into the chain of the last {@link #poll}; at most its writable bytes. */
    public abstract int usedBytes();

    /**
     * Asks for a notification when the device is done with the next chain.
     *
     * @return true if there is one already: then no notification need follow, and the caller polls again
     */
    public abstract boolean arm();

    /** Makes it as it was when created, for use after the device was reset. What was under way is forgotten. */
    public abstract void reset();
}
