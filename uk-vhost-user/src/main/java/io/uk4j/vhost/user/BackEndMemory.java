package io.uk4j.vhost.user;

import io.uk4j.platform.unix.SharedMemory;
import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/** The memory that a front end shares: regions, each with its place in the guest's and in the front end's addresses. */
final class BackEndMemory implements AutoCloseable {
    private static final int REGION_BYTES = 32;
    static final int REGION_LIMIT = 8;

    /** The strictest alignment of a queue's parts: what is aligned in the guest's addresses must be so where it is mapped. */
    private static final int ALIGNMENT = 16;

    private record Region(long guest, long user, long bytes) {}

    private final List<SharedMemory> mappings = new ArrayList<>();
    private final List<Region> regions = new ArrayList<>();
    private final GuestMemory guest;

    /**
     * Maps what a SET_MEM_TABLE message describes.
     *
     * @throws VirtioException if it contradicts itself
     * @throws io.uk4j.core.DeviceException if what is shared is less than it says
     */
    BackEndMemory(Message table) {
        int count = table.intAt(0);
        if (count < 1 || count > REGION_LIMIT) {
            throw new VirtioException(Violation.PROTOCOL, "A memory table has " + count + " regions.");
        }
        List<GuestMemory.Region> mapped = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                int at = 8 + i * REGION_BYTES;
                long guestStart = table.longAt(at);
                long bytes = table.longAt(at + 8);
                long offset = table.longAt(at + 24);
                int descriptor = table.takeDescriptor(i);
                if (descriptor < 0
                        || bytes <= 0
                        || offset < 0
                        || offset > Long.MAX_VALUE - bytes
                        || (offset - guestStart) % ALIGNMENT != 0) {
                    if (descriptor >= 0) {
                        UnixSocket.closeDescriptor(descriptor);
                    }
                    throw new VirtioException(
                            Violation.PROTOCOL,
                            "Region " + i + " has " + bytes + " bytes at " + offset + " for the address 0x"
                                    + Long.toHexString(guestStart) + ".");
                }
                SharedMemory memory = SharedMemory.map(descriptor, 0, offset + bytes);
                mappings.add(memory);
                regions.add(new Region(guestStart, table.longAt(at + 16), bytes));
                mapped.add(new GuestMemory.Region(guestStart, memory.segment().asSlice(offset, bytes)));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        guest = GuestMemory.of(mapped);
    }

    GuestMemory guest() {
        return guest;
    }

    /** The guest's address of what lies at an address of the front end's process. */
    long guestAddress(long user) {
        for (Region region : regions) {
            if (Long.compareUnsigned(user - region.user, region.bytes) < 0) {
                return region.guest + (user - region.user);
            }
        }
        throw new VirtioException(
                Violation.ADDRESS, "Nothing is shared at the front end's address 0x" + Long.toHexString(user) + ".");
    }

    @Override
    public void close() {
        mappings.forEach(SharedMemory::close);
        mappings.clear();
    }
}
