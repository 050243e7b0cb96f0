package io.uk4j.virtio.queue;

import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The split layout (VIRTIO 1.3, section 2.7). The descriptor table is written and never read: what the driver must know of a
 * chain lies in arrays that the device cannot reach.
 */
final class SplitVirtqueue extends Virtqueue {
    private final int mask;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final MemorySegment memory;
    private final long deviceAddress;
    private final long available;
    private final long used;
    private final long tables;

    /** Links free descriptors, and those of a chain, in the order in which they were taken. */
    private final int[] links;
    /** How many descriptors of the table the chain that begins here has; negative until it is published, 0 if none does. */
    private final int[] taken;
    /** How many bytes the device may write into the chain that begins here. */
    private final int[] writableBytes;
    /** The available index at which the chain that begins here was ended. */
    private final int[] endedAt;
    /** The chains in the order in which they were made available. */
    private final int[] order;

    /** Free descriptors are used in turn: what the device gives back in order, it gets again at the same places. */
    private int lastFree;

    /** Where the next chain goes in the available ring; all indices count modulo 2^16. */
    private int next;

    private int published;
    private int kicked;

    /** Where the next chain comes from in the used ring. */
    private int reaped;

    /** How far the used ring was known to go when it was last looked at. */
    private int usedUpTo;

    /** With IN_ORDER: the last chain of the batch that is being reaped, or NONE. */
    private int batchEnd;

    private int batchEndBytes;

    private int usedBytes;
    private boolean armed;

    SplitVirtqueue(int size, long features, Pages pages) {
        super(size, Features.has(features, Features.INDIRECT_DESC), SplitLayout.indirectEntries(size));
        mask = size - 1;
        eventIdx = Features.has(features, Features.EVENT_IDX);
        inOrder = Features.has(features, Features.IN_ORDER);
        memory = pages.segment();
        deviceAddress = pages.deviceAddress();
        available = SplitLayout.availableOffset(size);
        used = SplitLayout.usedOffset(size);
        tables = SplitLayout.indirectOffset(size);
        links = new int[size];
        taken = new int[size];
        writableBytes = new int[size];
        endedAt = new int[size];
        order = new int[size];
        reset();
    }

    @Override
    public String describe() {
        return "split queues of " + size;
    }

    @Override
    public QueueAreas areas() {
        return new QueueAreas(size, deviceAddress, deviceAddress + available, deviceAddress + used);
    }

    @Override
    public int end() {
        int head = firstFree;
        writableBytes[head] = writableBytes();
        if (ranges == 1) {
            describe((long) head * SplitLayout.DESCRIPTOR_BYTES, 0, 0, 0);
            take(head, 1);
        } else if (indirect) {
            endIndirect(head);
        } else {
            endDirect(head);
        }
        clearChain();
        ended(head);
        return head;
    }

    @Override
    public int addSingle(long address, int length, boolean writable) {
        checkSingle(length);
        int head = firstFree;
        writableBytes[head] = writable ? length : 0;
        describe((long) head * SplitLayout.DESCRIPTOR_BYTES, address, length, writable ? SplitLayout.WRITE : 0, 0);
        take(head, 1);
        ended(head);
        return head;
    }

    private void ended(int head) {
        endedAt[head] = next;
        int place = next & mask;
        if (order[place] != head) {
            // Else it stands there already, and the device's copy of the line stays good.
            order[place] = head;
            memory.set(Ring.SHORT, available + SplitLayout.ELEMENTS + 2L * place, (short) head);
        }
        next = (next + 1) & 0xffff;
    }

    private void endDirect(int head) {
        int descriptor = head;
        for (int i = 0; i < ranges; i++) {
            boolean last = i == ranges - 1;
            describe(
                    (long) descriptor * SplitLayout.DESCRIPTOR_BYTES,
                    i,
                    last ? 0 : SplitLayout.NEXT,
                    last ? 0 : links[descriptor]);
            descriptor = links[descriptor];
        }
        take(head, ranges);
    }

    private void endIndirect(int head) {
        long table = tables + (long) head * addresses.length * SplitLayout.DESCRIPTOR_BYTES;
        for (int i = 0; i < ranges; i++) {
            boolean last = i == ranges - 1;
            describe(table + (long) i * SplitLayout.DESCRIPTOR_BYTES, i, last ? 0 : SplitLayout.NEXT, last ? 0 : i + 1);
        }
        long at = (long) head * SplitLayout.DESCRIPTOR_BYTES;
        memory.set(Ring.LONG, at, deviceAddress + table);
        long length = (long) ranges * SplitLayout.DESCRIPTOR_BYTES;
        memory.set(Ring.LONG, at + SplitLayout.LENGTH, length | (long) SplitLayout.INDIRECT << 32);
        take(head, 1);
    }

    /** Writes the descriptor of a range of the chain that is being built. */
    private void describe(long at, int range, int flags, int nextIndex) {
        describe(at, addresses[range], lengths[range], flags | (range >= readable ? SplitLayout.WRITE : 0), nextIndex);
    }

    /** Writes a descriptor; length, flags and next index go together, as they lie. */
    private void describe(long at, long address, int length, int flags, int nextIndex) {
        memory.set(Ring.LONG, at, address);
        memory.set(Ring.LONG, at + SplitLayout.LENGTH, length | (flags | (long) nextIndex << 16) << 32);
    }

    private void take(int head, int descriptors) {
        int last = head;
        for (int i = 1; i < descriptors; i++) {
            last = links[last];
        }
        firstFree = links[last];
        freeCount -= descriptors;
        taken[head] = -descriptors;
    }

    private void giveBack(int head) {
        int descriptors = taken[head];
        int last = head;
        for (int i = 1; i < descriptors; i++) {
            last = links[last];
        }
        if (freeCount == 0) {
            firstFree = head;
        } else {
            links[lastFree] = head;
        }
        lastFree = last;
        freeCount += descriptors;
        taken[head] = 0;
    }

    @Override
    public void publish() {
        if (published != next) {
            for (; published != next; published = (published + 1) & 0xffff) {
                int head = order[published & mask];
                taken[head] = -taken[head];
            }
            Ring.release(memory, available + SplitLayout.INDEX, next);
        }
    }

    @Override
    public boolean needsKick() {
        if (kicked == published) {
            return false;
        }
        int from = kicked;
        kicked = published;
        // The index must be visible before it is looked whether the device sleeps (section 2.7.13.4.1).
        VarHandle.fullFence();
        if (eventIdx) {
            int event = Ring.opaque(memory, used + SplitLayout.ELEMENTS + (long) SplitLayout.USED_ELEMENT_BYTES * size);
            return Ring.passes(event, from, published);
        }
        return (Ring.opaque(memory, used) & SplitLayout.NO_NOTIFICATION) == 0;
    }

    @Override
    public int poll() {
        if (batchEnd != NONE) {
            return reapInOrder();
        }
        if (reaped == usedUpTo && !lookForUsed()) {
            return NONE;
        }
        long element = used + SplitLayout.ELEMENTS + (long) SplitLayout.USED_ELEMENT_BYTES * (reaped & mask);
        long both = memory.get(Ring.LONG, element);
        int id = (int) both;
        int bytes = (int) (both >>> 32);
        if (id < 0 || id >= size || taken[id] <= 0) {
            throw new VirtioException(
                    Violation.USED_ID, "The device says to be done with chain " + id + ", which is not under way.");
        }
        if (bytes < 0 || bytes > writableBytes[id]) {
            throw new VirtioException(
                    Violation.USED_LENGTH,
                    "The device says to have written " + Integer.toUnsignedString(bytes) + " bytes into chain " + id
                            + ", which has room for " + writableBytes[id] + ".");
        }
        usedBytes = bytes;
        if (inOrder && id != order[reaped & mask]) {
            return beginBatch(id);
        }
        reaped = (reaped + 1) & 0xffff;
        giveBack(id);
        return id;
    }

    /** Looks how far the used ring goes. */
    private boolean lookForUsed() {
        if (armed) {
            armed = false;
            if (!eventIdx) {
                Ring.opaque(memory, available, SplitLayout.NO_NOTIFICATION);
            }
        }
        int index = Ring.acquire(memory, used + SplitLayout.INDEX);
        int fresh = (index - reaped) & 0xffff;
        if (fresh == 0) {
            return false;
        }
        int underWay = (published - reaped) & 0xffff;
        if (fresh > underWay) {
            throw new VirtioException(
                    Violation.USED_INDEX,
                    "The device says to be done with " + fresh + " chains, and " + underWay + " are under way.");
        }
        usedUpTo = index;
        return true;
    }

    /** A device that works in order may name only the last of several (section 2.7.9); those before it were used completely. */
    private int beginBatch(int last) {
        int ahead = (endedAt[last] - reaped) & 0xffff;
        if (ahead >= ((usedUpTo - reaped) & 0xffff)) {
            throw new VirtioException(
                    Violation.USED_ID, "The device names chain " + last + " out of order, against what was agreed.");
        }
        batchEnd = last;
        batchEndBytes = usedBytes;
        return reapInOrder();
    }

    private int reapInOrder() {
        int id = order[reaped & mask];
        usedBytes = id == batchEnd ? batchEndBytes : writableBytes[id];
        if (id == batchEnd) {
            batchEnd = NONE;
        }
        reaped = (reaped + 1) & 0xffff;
        giveBack(id);
        return id;
    }

    @Override
    public int usedBytes() {
        return usedBytes;
    }

    @Override
    public boolean arm() {
        if (batchEnd != NONE || reaped != usedUpTo) {
            return true;
        }
        armed = true;
        if (eventIdx) {
            Ring.opaque(memory, available + SplitLayout.ELEMENTS + 2L * size, reaped);
        } else {
            Ring.opaque(memory, available, 0);
        }
        // The request must be visible before it is looked whether it came too late (section 2.7.10).
        VarHandle.fullFence();
        return Ring.acquire(memory, used + SplitLayout.INDEX) != reaped;
    }

    @Override
    public void reset() {
        memory.asSlice(0, tables).fill((byte) 0);
        for (int i = 0; i < size; i++) {
            links[i] = i + 1;
            taken[i] = 0;
        }
        firstFree = 0;
        lastFree = size - 1;
        freeCount = size;
        Arrays.fill(order, NONE);
        clearChain();
        next = 0;
        published = 0;
        kicked = 0;
        reaped = 0;
        usedUpTo = 0;
        batchEnd = NONE;
        usedBytes = 0;
        armed = false;
        if (!eventIdx) {
            Ring.opaque(memory, available, SplitLayout.NO_NOTIFICATION);
        }
    }
}
