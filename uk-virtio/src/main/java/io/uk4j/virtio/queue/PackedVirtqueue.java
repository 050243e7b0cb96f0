package io.uk4j.virtio.queue;

import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;

/**
 * The packed layout (VIRTIO 1.3, section 2.8). Of a descriptor nothing is read but what the device says in a used one; what the
 * driver must know of a chain lies in arrays that the device cannot reach.
 */
final class PackedVirtqueue extends Virtqueue {
    private final boolean inOrder;
    private final MemorySegment memory;
    private final long deviceAddress;
    private final PackedRing ring;
    private final PackedEvents events;
    private final long tables;

    /** Links free ids. */
    private final int[] links;
    /** How many descriptors of the ring a chain has; 0 if there is none of that id. */
    private final int[] taken;
    /** How many bytes the device may write into a chain. */
    private final int[] writableBytes;
    /** The how manieth chain it was, modulo 2^32. */
    private final int[] endedAs;
    /** With IN_ORDER: the id of the chain that begins at a position of the ring. */
    private final int[] order;

    /** The place of the next descriptor to be made available. */
    private int next;

    private int published;

    /** The place of the next descriptor that the device uses. */
    private int reaped;

    private int endedChains;
    private int publishedChains;

    /** With IN_ORDER: the last chain of the batch that is being reaped, or NONE. */
    private int batchEnd;

    private int batchEndBytes;

    private int usedBytes;
    private boolean armed;

    PackedVirtqueue(int size, long features, Pages pages) {
        super(size, Features.has(features, Features.INDIRECT_DESC), PackedLayout.indirectEntries(size));
        inOrder = Features.has(features, Features.IN_ORDER);
        memory = pages.segment();
        deviceAddress = pages.deviceAddress();
        ring = new PackedRing(size, memory, 0);
        events = new PackedEvents(
                size,
                Features.has(features, Features.EVENT_IDX),
                memory,
                PackedLayout.driverEventOffset(size),
                memory,
                PackedLayout.deviceEventOffset(size));
        tables = PackedLayout.indirectOffset(size);
        links = new int[size];
        taken = new int[size];
        writableBytes = new int[size];
        endedAs = new int[size];
        order = new int[inOrder ? size : 0];
        reset();
    }

    @Override
    public String describe() {
        return "packed queues of " + size;
    }

    @Override
    public QueueAreas areas() {
        return new QueueAreas(
                size,
                deviceAddress,
                deviceAddress + PackedLayout.driverEventOffset(size),
                deviceAddress + PackedLayout.deviceEventOffset(size));
    }

    @Override
    public int end() {
        int writable = writableBytes();
        // Each chain has a descriptor of its own, so that as long as one is free an id is free.
        int id = firstFree;
        int descriptors = 1;
        if (ranges == 1) {
            ring.write(next, addresses[0], lengths[0], id, ring.available(next) | access(0));
        } else if (indirect) {
            endIndirect(id);
        } else {
            endDirect(id);
            descriptors = ranges;
        }
        clearChain();
        ended(id, descriptors, writable);
        return id;
    }

    @Override
    public int addSingle(long address, int length, boolean writable) {
        checkSingle(length);
        int id = firstFree;
        ring.write(next, address, length, id, ring.available(next) | (writable ? PackedLayout.WRITE : 0));
        ended(id, 1, writable ? length : 0);
        return id;
    }

    private void ended(int id, int descriptors, int writable) {
        firstFree = links[id];
        freeCount -= descriptors;
        taken[id] = descriptors;
        writableBytes[id] = writable;
        endedAs[id] = endedChains++;
        if (inOrder) {
            order[position(next)] = id;
        }
        next = ring.advance(next, descriptors);
    }

    private int access(int range) {
        return range >= readable ? PackedLayout.WRITE : 0;
    }

    private int position(int place) {
        return place < size ? place : place - size;
    }

    private void endDirect(int id) {
        int place = next;
        for (int i = 0; i < ranges; i++) {
            int flags = ring.available(place) | access(i) | (i < ranges - 1 ? PackedLayout.NEXT : 0);
            ring.write(place, addresses[i], lengths[i], id, flags);
            place = ring.advance(place, 1);
        }
    }

    private void endIndirect(int id) {
        long table = tables + (long) id * addresses.length * PackedLayout.DESCRIPTOR_BYTES;
        for (int i = 0; i < ranges; i++) {
            long at = table + (long) i * PackedLayout.DESCRIPTOR_BYTES;
            memory.set(Ring.LONG, at, addresses[i]);
            memory.set(Ring.LONG, at + PackedLayout.LENGTH, lengths[i] | (long) access(i) << 48);
        }
        int bytes = ranges * PackedLayout.DESCRIPTOR_BYTES;
        ring.write(next, deviceAddress + table, bytes, id, ring.available(next) | PackedLayout.INDIRECT);
    }

    @Override
    public void publish() {
        ring.show();
        events.shown(ring.distance(published, next));
        published = next;
        publishedChains = endedChains;
    }

    @Override
    public boolean needsKick() {
        return events.wanted(published);
    }

    @Override
    public int poll() {
        if (batchEnd != NONE) {
            return reapInOrder();
        }
        if (armed) {
            armed = false;
            events.disable();
        }
        int flags = ring.flags(reaped);
        if (!ring.isUsed(flags, reaped)) {
            return NONE;
        }
        if (reaped == published) {
            throw new VirtioException(
                    Violation.USED_INDEX, "The device has used a descriptor, and none of the queue is under way.");
        }
        long lengthAndId = ring.lengthAndId(reaped);
        int id = PackedRing.id(lengthAndId);
        if (id >= size || taken[id] == 0 || endedAs[id] - publishedChains >= 0) {
            throw new VirtioException(
                    Violation.USED_ID, "The device says to be done with chain " + id + ", which is not under way.");
        }
        usedBytes = written(id, PackedRing.length(lengthAndId), flags);
        if (inOrder && id != order[position(reaped)]) {
            // It may name only the last of several (section 2.8.8); those before it were used completely.
            batchEnd = id;
            batchEndBytes = usedBytes;
            return reapInOrder();
        }
        giveBack(id);
        return id;
    }

    /** The length means nothing where the device has not written (section 2.8.4). QEMU gives one, and never the flag: it counts. */
    private int written(int id, int bytes, int flags) {
        if (bytes >= 0 && bytes <= writableBytes[id]) {
            return bytes;
        }
        if ((flags & PackedLayout.WRITE) == 0) {
            return 0;
        }
        throw new VirtioException(
                Violation.USED_LENGTH,
                "The device says to have written " + Integer.toUnsignedString(bytes) + " bytes into chain " + id
                        + ", which has room for " + writableBytes[id] + ".");
    }

    private int reapInOrder() {
        int id = order[position(reaped)];
        usedBytes = id == batchEnd ? batchEndBytes : writableBytes[id];
        if (id == batchEnd) {
            batchEnd = NONE;
        }
        giveBack(id);
        return id;
    }

    private void giveBack(int id) {
        reaped = ring.advance(reaped, taken[id]);
        freeCount += taken[id];
        taken[id] = 0;
        links[id] = firstFree;
        firstFree = id;
    }

    @Override
    public int usedBytes() {
        return usedBytes;
    }

    @Override
    public boolean arm() {
        if (batchEnd != NONE) {
            return true;
        }
        armed = true;
        events.enable(reaped);
        return ring.isUsed(ring.flags(reaped), reaped);
    }

    @Override
    public void reset() {
        memory.asSlice(0, tables).fill((byte) 0);
        for (int i = 0; i < size; i++) {
            links[i] = i + 1;
            taken[i] = 0;
        }
        firstFree = 0;
        freeCount = size;
        clearChain();
        next = 0;
        published = 0;
        reaped = 0;
        endedChains = 0;
        publishedChains = 0;
        batchEnd = NONE;
        usedBytes = 0;
        armed = false;
        ring.reset();
        events.reset();
        events.disable();
    }
}
