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
public abstract sealed class Virtqueue permits SplitVirtqueue, PackedVirtqueue {
    /** What {@link #poll} returns when nothing is done. */
    public static final int NONE = -1;

    final int size;
    final boolean indirect;

    /** How many entries are free, and the id that the next chain will have if one is. */
    int freeCount;

    int firstFree;

    // The chain that is being built.
    final long[] addresses;
    final int[] lengths;
    int ranges;
    int readable;

    Virtqueue(int size, boolean indirect, int tableEntries) {
        this.size = size;
        this.indirect = indirect;
        int rangeLimit = indirect ? tableEntries : size;
        addresses = new long[rangeLimit];
        lengths = new int[rangeLimit];
    }

    /**
     * How many bytes of memory a queue needs, indirect tables included.
     *
     * @param size how many entries
     * @param features those accepted
     */
    public static long bytes(int size, long features) {
        boolean indirect = Features.has(features, Features.INDIRECT_DESC);
        return Features.has(features, Features.RING_PACKED)
                ? PackedLayout.bytes(size, indirect)
                : SplitLayout.bytes(size, indirect);
    }

    /**
     * Creates a queue, empty and without notifications enabled.
     *
     * @param size how many entries: a power of two, 2 to 32,768
     * @param features those accepted; RING_PACKED, INDIRECT_DESC, EVENT_IDX and IN_ORDER are followed
     * @param memory of {@link #bytes} or more, aligned to 16; stays the caller's, for as long as the queue is used
     * @throws IllegalArgumentException if the size is out of its range, or the memory too small
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
        return Features.has(features, Features.RING_PACKED)
                ? new PackedVirtqueue(size, features, memory)
                : new SplitVirtqueue(size, features, memory);
    }

    /** How many entries it has. */
    public final int size() {
        return size;
    }

    /** Its layout and size, for an operator, such as {@code split queues of 256}. */
    public abstract String describe();

    /** Where it lies, for the transport. */
    public abstract QueueAreas areas();

    /** How many ranges a chain may have now; 0 if there is no place for any chain. With indirect tables a chain takes one entry. */
    public final int space() {
        if (freeCount == 0) {
            return 0;
        }
        return indirect ? addresses.length : freeCount;
    }

    /** For how many chains of one range there is space. */
    public final int chains() {
        return freeCount;
    }

    /** The id that the chain that is being built will have, so that what belongs to it can be prepared first. */
    public final int nextId() {
        if (freeCount == 0) {
            throw new IllegalStateException("There is no place for a chain: look at space() first.");
        }
        return firstFree;
    }

    /**
     * Adds a range to the chain that is being built.
     *
     * @param address of the device's
     * @param length in bytes, more than 0
     * @param writable whether the device writes it; no range that it reads may follow
     */
    public final void add(long address, int length, boolean writable) {
        if (ranges >= space() || length <= 0 || (!writable && readable < ranges)) {
            throw misuse(length);
        }
        addresses[ranges] = address;
        lengths[ranges] = length;
        ranges++;
        if (!writable) {
            readable = ranges;
        }
    }

    /**
     * Adds a chain of one range, as {@link #add} and {@link #end} do, at less cost.
     *
     * @param address of the device's
     * @param length in bytes, more than 0
     * @param writable whether the device writes it
     * @return its id
     * @throws IllegalStateException if there is no space, a chain is being built, or the length is not positive
     */
    public abstract int addSingle(long address, int length, boolean writable);

    /** Checks that a chain of one range can be added. */
    final void checkSingle(int length) {
        if (freeCount == 0 || ranges != 0 || length <= 0) {
            throw ranges != 0 ? new IllegalStateException("A chain is being built: end it first.") : misuse(length);
        }
    }

    private IllegalStateException misuse(int length) {
        return new IllegalStateException("A chain has as many ranges as there is space for (" + space()
                + "), each of 1 byte or more (" + length + "), and those that the device reads come first.");
    }

    /** How many bytes the device may write into the chain that is being built. */
    final int writableBytes() {
        if (ranges == 0) {
            throw new IllegalStateException("The chain has no range: add one first.");
        }
        int bytes = 0;
        for (int i = readable; i < ranges; i++) {
            bytes += lengths[i];
        }
        return bytes;
    }

    /** Begins to build a chain. */
    final void clearChain() {
        ranges = 0;
        readable = 0;
    }

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
