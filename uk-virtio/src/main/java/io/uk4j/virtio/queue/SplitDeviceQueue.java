package io.uk4j.virtio.queue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** The device's side of the split layout (VIRTIO 1.3, section 2.7). */
final class SplitDeviceQueue extends DeviceQueue {
    private final int size;
    private final int mask;
    private final boolean indirect;
    private final boolean eventIdx;
    private final GuestMemory memory;
    private final MemorySegment descriptors;
    private final long descriptorsAt;
    private final MemorySegment available;
    private final long availableAt;
    private final MemorySegment used;
    private final long usedAt;

    private final RangeList ranges;

    /** Where the next chain comes from in the available ring; all indices count modulo 2^16. */
    private int next;

    private int availableUpTo;

    /** Where the next completed chain goes in the used ring. */
    private int completed;

    private int published;
    private int called;
    private boolean armed;

    SplitDeviceQueue(QueueAreas areas, long features, GuestMemory memory, int base) {
        size = areas.size();
        mask = size - 1;
        indirect = Features.has(features, Features.INDIRECT_DESC);
        eventIdx = Features.has(features, Features.EVENT_IDX);
        this.memory = memory;
        descriptors = memory.segment(areas.descriptors(), (long) size * SplitLayout.DESCRIPTOR_BYTES);
        descriptorsAt = memory.offset(areas.descriptors());
        available = memory.segment(areas.driver(), SplitLayout.availableBytes(size));
        availableAt = memory.offset(areas.driver());
        used = memory.segment(areas.device(), SplitLayout.usedBytes(size));
        usedAt = memory.offset(areas.device());
        ranges = new RangeList(size);
        next = base & 0xffff;
        availableUpTo = next;
        completed = Ring.acquire(used, usedAt + SplitLayout.INDEX);
        published = completed;
        called = completed;
        armed = true;
    }

    @Override
    public int next() {
        if (next == availableUpTo && !lookForAvailable()) {
            return NONE;
        }
        int head = available.get(Ring.SHORT, availableAt + SplitLayout.ELEMENTS + 2L * (next & mask)) & 0xffff;
        if (head >= size) {
            throw new VirtioException(
                    Violation.CHAIN, "The driver makes descriptor " + head + " of " + size + " available.");
        }
        ranges.clear();
        walk(descriptors, descriptorsAt, size, head, indirect);
        next = (next + 1) & 0xffff;
        return head;
    }

    private boolean lookForAvailable() {
        if (armed) {
            armed = false;
            if (!eventIdx) {
                Ring.opaque(used, usedAt, SplitLayout.NO_NOTIFICATION);
            }
        }
        int index = Ring.acquire(available, availableAt + SplitLayout.INDEX);
        int fresh = (index - next) & 0xffff;
        if (fresh > size) {
            throw new VirtioException(
                    Violation.AVAILABLE_INDEX,
                    "The driver makes " + fresh + " chains available in a queue of " + size + ".");
        }
        availableUpTo = index;
        return fresh > 0;
    }

    /** Follows a chain through a table; each descriptor is read once. */
    private void walk(MemorySegment table, long tableAt, int entries, int first, boolean mayRefer) {
        int index = first;
        for (int steps = 0; ; steps++) {
            if (steps == entries) {
                throw new VirtioException(Violation.CHAIN, "A chain of descriptors has no end.");
            }
            long at = tableAt + (long) index * SplitLayout.DESCRIPTOR_BYTES;
            long address = table.get(Ring.LONG, at);
            int length = table.get(Ring.INT, at + SplitLayout.LENGTH);
            int flagsAndNext = table.get(Ring.INT, at + SplitLayout.FLAGS);
            if ((flagsAndNext & SplitLayout.INDIRECT) != 0) {
                refer(address, length, flagsAndNext, mayRefer);
                return;
            }
            boolean writable = (flagsAndNext & SplitLayout.WRITE) != 0;
            ranges.add(memory, address, length, writable);
            if ((flagsAndNext & SplitLayout.NEXT) == 0) {
                return;
            }
            index = flagsAndNext >>> 16;
            if (index >= entries) {
                throw new VirtioException(
                        Violation.CHAIN, "A descriptor continues with number " + index + " of " + entries + ".");
            }
        }
    }

    private void refer(long address, int length, int flags, boolean mayRefer) {
        int entries = length >>> 4;
        if (!mayRefer
                || (flags & SplitLayout.NEXT) != 0
                || length <= 0
                || length % SplitLayout.DESCRIPTOR_BYTES != 0
                || entries > size) {
            throw new VirtioException(
                    Violation.DESCRIPTOR,
                    "An indirect descriptor is not as it should be: " + length + " bytes, flags " + (flags & 0xffff)
                            + (mayRefer ? "." : ", where none may be."));
        }
        walk(memory.segment(address, length), memory.offset(address), entries, 0, false);
    }

    @Override
    public int ranges() {
        return ranges.count();
    }

    @Override
    public int readable() {
        return ranges.readable();
    }

    @Override
    public MemorySegment segment(int range) {
        return ranges.segment(range);
    }

    @Override
    public long offset(int range) {
        return ranges.offset(range);
    }

    @Override
    public int length(int range) {
        return ranges.length(range);
    }

    @Override
    public void complete(int id, int writtenBytes) {
        long element = usedAt + SplitLayout.ELEMENTS + (long) SplitLayout.USED_ELEMENT_BYTES * (completed & mask);
        used.set(Ring.INT, element, id);
        used.set(Ring.INT, element + 4, writtenBytes);
        completed = (completed + 1) & 0xffff;
    }

    @Override
    public void publish() {
        if (published != completed) {
            published = completed;
            Ring.release(used, usedAt + SplitLayout.INDEX, completed);
        }
    }

    @Override
    public boolean needsCall() {
        if (called == published) {
            return false;
        }
        int from = called;
        called = published;
        // The index must be visible before it is looked whether the driver sleeps (section 2.7.7.2).
        VarHandle.fullFence();
        if (eventIdx) {
            int event = Ring.opaque(available, availableAt + SplitLayout.ELEMENTS + 2L * size);
            return Ring.passes(event, from, published);
        }
        return (Ring.opaque(available, availableAt) & SplitLayout.NO_NOTIFICATION) == 0;
    }

    @Override
    public boolean arm() {
        if (next != availableUpTo) {
            return true;
        }
        armed = true;
        if (eventIdx) {
            Ring.opaque(used, usedAt + SplitLayout.ELEMENTS + (long) SplitLayout.USED_ELEMENT_BYTES * size, next);
        } else {
            Ring.opaque(used, usedAt, 0);
        }
        // The request must be visible before it is looked whether it came too late (section 2.7.10).
        VarHandle.fullFence();
        return Ring.acquire(available, availableAt + SplitLayout.INDEX) != next;
    }

    @Override
    public int base() {
        return next;
    }
}
