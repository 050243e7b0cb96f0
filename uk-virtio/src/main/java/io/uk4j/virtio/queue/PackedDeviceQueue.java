package io.uk4j.virtio.queue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.lang.foreign.MemorySegment;

/** The device's side of the packed layout (VIRTIO 1.3, section 2.8). */
final class PackedDeviceQueue extends DeviceQueue {
    private static final int WRAP = 1 << 15;

    private final int size;
    private final boolean indirect;
    private final GuestMemory memory;
    private final PackedRing ring;
    private final PackedEvents events;
    private final RangeList ranges;

    /** How many descriptors of the ring the chain of an id has; 0 if the device has none of that id. */
    private final int[] taken;

    /** The place of the next descriptor that the driver makes available. */
    private int next;

    /** The place of the next descriptor to be used. */
    private int completed;

    private int published;
    private boolean armed;

    PackedDeviceQueue(QueueAreas areas, long features, GuestMemory memory, int base) {
        size = areas.size();
        indirect = Features.has(features, Features.INDIRECT_DESC);
        this.memory = memory;
        ring = new PackedRing(
                size,
                memory.segment(areas.descriptors(), (long) size * PackedLayout.DESCRIPTOR_BYTES),
                memory.offset(areas.descriptors()));
        events = new PackedEvents(
                size,
                Features.has(features, Features.EVENT_IDX),
                memory.segment(areas.device(), PackedLayout.EVENT_BYTES),
                memory.offset(areas.device()),
                memory.segment(areas.driver(), PackedLayout.EVENT_BYTES),
                memory.offset(areas.driver()));
        ranges = new RangeList(size);
        taken = new int[size];
        begin(base);
        published = completed;
        armed = true;
    }

    /**
     * Both wrap counters are 1 at the beginning, so that a base of 0 is that of a queue that has gone round an odd number of
     * times; but somebody who knows nothing of packed queues says it at the beginning, and one who knows half of it (DPDK's
     * virtio-user) sets only the first counter. The ring shows what is true: in the other cases something was used.
     */
    private void begin(int base) {
        if ((base & 0x7fff_7fff) == 0 && ring.isNew()) {
            return;
        }
        next = place(base & 0xffff);
        completed = place(base >>> 16);
        if (ring.distance(completed, next) > size) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "A queue of " + size + " entries cannot stand at 0x" + Integer.toHexString(base) + ".");
        }
    }

    private int place(int half) {
        int position = half & ~WRAP;
        if (position >= size) {
            throw new VirtioException(
                    Violation.PROTOCOL, "A queue of " + size + " entries cannot stand at entry " + position + ".");
        }
        return (half & WRAP) != 0 ? position : position + size;
    }

    private int half(int place) {
        return place < size ? place | WRAP : place - size;
    }

    @Override
    public int next() {
        if (armed) {
            armed = false;
            events.disable();
        }
        int flags = ring.flags(next);
        if (!ring.isAvailable(flags, next)) {
            return NONE;
        }
        int free = size - ring.distance(completed, next);
        if (free == 0) {
            throw new VirtioException(
                    Violation.AVAILABLE_INDEX, "The driver makes a descriptor available that is under way.");
        }
        ranges.clear();
        return (flags & PackedLayout.INDIRECT) != 0 ? takeIndirect(flags) : takeDirect(flags, free);
    }

    private int takeDirect(int first, int free) {
        int place = next;
        int flags = first;
        for (int count = 1; ; count++) {
            long address = ring.address(place);
            long lengthAndId = ring.lengthAndId(place);
            ranges.add(memory, address, PackedRing.length(lengthAndId), (flags & PackedLayout.WRITE) != 0);
            if ((flags & PackedLayout.NEXT) == 0) {
                return take(PackedRing.id(lengthAndId), count);
            }
            if (count == free) {
                throw new VirtioException(Violation.CHAIN, "A chain has more descriptors than are free: " + free);
            }
            place = ring.advance(place, 1);
            flags = ring.flags(place);
            if (!ring.isAvailable(flags, place) || (flags & PackedLayout.INDIRECT) != 0) {
                throw continuation(flags);
            }
        }
    }

    private static VirtioException continuation(int flags) {
        boolean refers = (flags & PackedLayout.INDIRECT) != 0;
        return new VirtioException(
                refers ? Violation.DESCRIPTOR : Violation.CHAIN,
                "A chain continues with a descriptor of flags 0x" + Integer.toHexString(flags) + ", "
                        + (refers ? "an indirect one." : "which is not available."));
    }

    private int takeIndirect(int flags) {
        long address = ring.address(next);
        long lengthAndId = ring.lengthAndId(next);
        int bytes = PackedRing.length(lengthAndId);
        int entries = bytes / PackedLayout.DESCRIPTOR_BYTES;
        if (!indirect
                || (flags & PackedLayout.NEXT) != 0
                || bytes <= 0
                || bytes % PackedLayout.DESCRIPTOR_BYTES != 0
                || entries > size) {
            throw new VirtioException(
                    Violation.DESCRIPTOR,
                    "An indirect descriptor is not as it should be: " + bytes + " bytes, flags 0x"
                            + Integer.toHexString(flags) + (indirect ? "." : ", where none may be."));
        }
        MemorySegment table = memory.segment(address, bytes);
        long tableAt = memory.offset(address);
        for (int i = 0; i < entries; i++) {
            addFrom(table, tableAt + (long) i * PackedLayout.DESCRIPTOR_BYTES);
        }
        return take(PackedRing.id(lengthAndId), 1);
    }

    /** In a table no flag but one means anything (section 2.8.7), and the ranges are as many as it has entries. */
    private void addFrom(MemorySegment table, long at) {
        long address = table.get(Ring.LONG, at);
        long rest = table.get(Ring.LONG, at + PackedLayout.LENGTH);
        ranges.add(memory, address, (int) rest, ((int) (rest >>> 48) & PackedLayout.WRITE) != 0);
    }

    private int take(int id, int descriptors) {
        if (id >= size || taken[id] != 0) {
            throw new VirtioException(
                    Violation.CHAIN,
                    "The driver gives a chain the id " + id + ", which "
                            + (id >= size ? "a queue of " + size + " entries does not have." : "is under way."));
        }
        taken[id] = descriptors;
        next = ring.advance(next, descriptors);
        return id;
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
        int descriptors = taken[id];
        if (descriptors == 0) {
            throw new IllegalStateException("Chain " + id + " was not taken, or was completed before.");
        }
        taken[id] = 0;
        ring.write(completed, writtenBytes, id, ring.used(completed) | (writtenBytes > 0 ? PackedLayout.WRITE : 0));
        completed = ring.advance(completed, descriptors);
    }

    @Override
    public void publish() {
        ring.show();
        events.shown(ring.distance(published, completed));
        published = completed;
    }

    @Override
    public boolean needsCall() {
        return events.wanted(published);
    }

    @Override
    public boolean arm() {
        armed = true;
        events.enable(next);
        return ring.isAvailable(ring.flags(next), next);
    }

    @Override
    public int base() {
        return half(next) | half(completed) << 16;
    }
}
