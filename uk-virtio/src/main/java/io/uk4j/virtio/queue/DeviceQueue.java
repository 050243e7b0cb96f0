package io.uk4j.virtio.queue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;

/**
 * A virtqueue seen by a device in software: a back end, or a model for tests. What the driver writes is read once, checked,
 * then used. Nothing is allocated after creation.
 *
 * <p>Thread rule: loop-owned.
 */
public abstract sealed class DeviceQueue permits SplitDeviceQueue, PackedDeviceQueue {
    /** What {@link #next} returns when nothing is available. */
    public static final int NONE = -1;

    DeviceQueue() {}

    /**
     * Creates the device's side of a queue.
     *
     * @param areas where the driver has put it
     * @param features those accepted
     * @param memory the driver's memory
     * @param base where to begin: 0, or what {@link #base} gave before
     * @throws VirtioException if the areas do not lie in the memory, or size or alignment are not allowed
     */
    public static DeviceQueue create(QueueAreas areas, long features, GuestMemory memory, int base) {
        int size = areas.size();
        boolean packed = Features.has(features, Features.RING_PACKED);
        // The size of a packed queue need not be a power of two (VIRTIO 1.3, section 2.8).
        if (size < 1 || size > 32_768 || (!packed && Integer.bitCount(size) != 1)) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "A " + (packed ? "packed" : "split") + " queue cannot have " + size + " entries.");
        }
        if (areas.descriptors() % 16 != 0 || areas.driver() % (packed ? 4 : 2) != 0 || areas.device() % 4 != 0) {
            throw new VirtioException(Violation.ADDRESS, "The areas of a queue are not aligned: " + areas);
        }
        return packed
                ? new PackedDeviceQueue(areas, features, memory, base)
                : new SplitDeviceQueue(areas, features, memory, base);
    }

    /**
     * Takes the next chain that the driver has made available.
     *
     * @return its id, to be given to {@link #complete}, or {@link #NONE}
     * @throws io.uk4j.virtio.VirtioException if the driver has broken the rules: the queue is of no use any more
     */
    public abstract int next();

    /** How many ranges the chain of the last {@link #next} has; those to be read come first. */
    public abstract int ranges();

    /** How many of them are to be read. */
    public abstract int readable();

    /** The segment in which a range lies. */
    public abstract MemorySegment segment(int range);

    /** Where a range begins in its segment. */
    public abstract long offset(int range);

    /** How many bytes a range has. */
    public abstract int length(int range);

    /**
     * Marks a chain as done. The driver does not see it before {@link #publish}.
     *
     * @param id what {@link #next} returned; in any order, unless IN_ORDER was accepted
     * @param writtenBytes how many bytes were written into its writable ranges
     */
    public abstract void complete(int id, int writtenBytes);

    /** Shows the driver all that was completed. */
    public abstract void publish();

    /** Whether the driver wants a notification of what was published since the last call. */
    public abstract boolean needsCall();

    /**
     * Asks for a notification when the driver makes the next chain available.
     *
     * @return true if there is one already: then no notification need follow, and the caller goes on
     */
    public abstract boolean arm();

    /**
     * Where the queue stands, in the form of vhost-user's VRING_BASE: of a split queue the next available index, of a packed one
     * that and the used one, with their wrap counters.
     */
    public abstract int base();
}
