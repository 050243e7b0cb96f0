package io.uk4j.vhost.user;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.platform.unix.DescriptorSource;
import io.uk4j.platform.unix.SharedMemory;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.queue.GuestMemory;
import io.uk4j.virtio.queue.QueueAreas;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reaches a device in another process: the front end of the vhost-user protocol (QEMU, docs/interop/vhost-user.rst). The back
 * end maps all pages of the platform; queues and buffers are used where they lie, at the addresses that they have here.
 *
 * <p>Each reset is a new connection: that works with every back end, whatever state it is in.
 *
 * <p>Thread rule: loop-owned.
 */
final class VhostUserTransport implements VirtioTransport {
    /** What the protocol may be used with, of what the back end offers. */
    private static final long PROTOCOL_WANTED =
            ProtocolFeatures.MQ | ProtocolFeatures.REPLY_ACK | ProtocolFeatures.MTU | ProtocolFeatures.CONFIG;

    /** Both places of a new packed queue are 0, and both wrap counters 1; of a split queue all of it is 0. */
    private static final int PACKED_BASE = 0x8000_8000;

    private static final int CONFIG_BYTES = 60;
    private static final int QUEUE_LIMIT = 1024;

    private final String path;
    private final LocalConfig local;
    private final SharedMemory memory;
    private final long timeoutNs;
    private final DescriptorSource hangUp = DescriptorSource.ofNothing();
    private final SignalSource controlSource = new SignalSource();
    private final Map<Integer, FrontEndLink> links = new TreeMap<>();

    /** Which queues the present back end knows. */
    private final Map<Integer, QueueAreas> connected = new TreeMap<>();

    private @Nullable FrontEnd frontEnd;
    private long offered;
    private long protocol;

    /** How many queues, or pairs of them, the back end has. */
    private int count = 1;

    private long accepted;
    private @Nullable ByteBuffer config;
    private boolean closed;

    /**
     * Creates it; nothing is connected before {@link #reset}.
     *
     * @param local what this side adds to the device by itself
     */
    VhostUserTransport(String path, LocalConfig local, PageSource pages, long timeoutNs) {
        this.path = path;
        this.local = local;
        this.timeoutNs = timeoutNs;
        memory = shared(pages);
    }

    private SharedMemory shared(PageSource pages) {
        Pages page = pages.allocate(1, 1);
        pages.release(page);
        if (page.handle() instanceof SharedMemory shared) {
            return shared;
        }
        throw new DeviceException(
                name() + " cannot be opened: this platform's memory cannot be shared with another process.",
                "vhost-user needs the platform unix on Linux, not in portable mode.",
                "uk.unix.portable=false");
    }

    @Override
    public String name() {
        return "vhost-user:" + path;
    }

    @Override
    public void reset() {
        disconnect();
        FrontEnd fresh = FrontEnd.connect(path, timeoutNs);
        frontEnd = fresh;
        hangUp.follow(fresh.socket());
        offered = fresh.get(Request.GET_FEATURES);
        protocol = 0;
        if (Features.has(offered, ProtocolFeatures.OFFERED)) {
            protocol = fresh.get(Request.GET_PROTOCOL_FEATURES) & PROTOCOL_WANTED;
            fresh.tell(fresh.message(Request.SET_PROTOCOL_FEATURES).addLong(protocol));
            if (Features.has(protocol, ProtocolFeatures.REPLY_ACK)) {
                fresh.acknowledges();
            }
        }
        count = 1;
        if (Features.has(protocol, ProtocolFeatures.MQ)) {
            long told = fresh.get(Request.GET_QUEUE_NUM);
            if (told < 1 || told > LocalConfig.COUNT_LIMIT) {
                throw new VirtioException(Violation.PROTOCOL, "The back end says that it has " + told + " queues.");
            }
            count = (int) told;
        }
        fresh.tell(fresh.message(Request.SET_OWNER));
    }

    /** Stops the queues of the present back end, if it is still of use, and gives the connection up. */
    private void disconnect() {
        FrontEnd old = frontEnd;
        if (old == null) {
            return;
        }
        try {
            for (int queue : connected.keySet()) {
                // The answer comes when the back end has let go of the queue.
                old.call(old.message(Request.GET_VRING_BASE).addInt(queue).addInt(0), 8);
            }
        } catch (DeviceException | VirtioException _) {
            // Whoever does not answer that is gone, or soon will be.
        }
        connected.clear();
        config = null;
        frontEnd = null;
        hangUp.followNothing();
        old.close();
    }

    private FrontEnd frontEnd() {
        FrontEnd present = frontEnd;
        if (present == null) {
            throw new DeviceException(name() + " is not connected.", null, null);
        }
        return present;
    }

    @Override
    public long offeredFeatures() {
        return local.adjust(
                offered & ~ProtocolFeatures.OFFERED, Features.has(protocol, ProtocolFeatures.CONFIG), count);
    }

    @Override
    public void accept(long features) {
        FrontEnd to = frontEnd();
        long told = (features & offered) | (offered & ProtocolFeatures.OFFERED);
        accepted = features;
        to.tell(to.message(Request.SET_FEATURES).addLong(told));
        if (Features.has(protocol, ProtocolFeatures.MTU) && local.mtuBytes() > 0) {
            to.tell(to.message(Request.NET_SET_MTU).addLong(local.mtuBytes()));
        }
        long address = memory.segment().address();
        Message table = to.message(Request.SET_MEM_TABLE)
                .addInt(1)
                .addInt(0)
                .addLong(address)
                .addLong(memory.segment().byteSize())
                .addLong(address)
                .addLong(0);
        to.tell(table, memory.fd());
    }

    @Override
    public long config(int offset, int bytes) {
        ByteBuffer fields = config;
        if (fields == null) {
            fields = Features.has(protocol, ProtocolFeatures.CONFIG) ? remoteConfig() : local.config(count);
            config = fields.order(ByteOrder.LITTLE_ENDIAN);
        }
        if (offset < 0 || offset + bytes > fields.limit()) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "The configuration has " + fields.limit() + " bytes, and none at " + offset + ".");
        }
        return switch (bytes) {
            case 1 -> fields.get(offset) & 0xff;
            case 2 -> fields.getShort(offset) & 0xffff;
            case 4 -> fields.getInt(offset) & 0xffff_ffffL;
            case 8 -> fields.getLong(offset);
            default -> throw new IllegalArgumentException("A field has 1, 2, 4 or 8 bytes, not " + bytes + ".");
        };
    }

    private ByteBuffer remoteConfig() {
        FrontEnd from = frontEnd();
        Message asked =
                from.message(Request.GET_CONFIG).addInt(0).addInt(CONFIG_BYTES).addInt(0);
        Message answer = from.call(asked.addBytes(new byte[CONFIG_BYTES]), 12 + CONFIG_BYTES);
        return ByteBuffer.wrap(answer.bytesAt(12, CONFIG_BYTES));
    }

    @Override
    public int queueLimit(int queue) {
        return queue < local.queuesEach() * count || isControl(queue) ? QUEUE_LIMIT : 0;
    }

    private boolean isControl(int queue) {
        return local.hasControl(count) && queue == local.queuesEach() * count;
    }

    @Override
    public QueueLink connect(int queue, QueueAreas areas) {
        if (isControl(queue)) {
            GuestMemory own = GuestMemory.of(
                    List.of(new GuestMemory.Region(memory.segment().address(), memory.segment())));
            return new LocalControl(DeviceQueue.create(areas, accepted, own, 0), count, this::usePairs, controlSource);
        }
        boolean packed = Features.has(accepted, Features.RING_PACKED);
        FrontEnd to = frontEnd();
        FrontEndLink link = links.computeIfAbsent(queue, _ -> new FrontEndLink());
        to.tell(to.message(Request.SET_VRING_NUM).addInt(queue).addInt(areas.size()));
        to.tell(to.message(Request.SET_VRING_BASE).addInt(queue).addInt(packed ? PACKED_BASE : 0));
        to.tell(to.message(Request.SET_VRING_ADDR)
                .addInt(queue)
                .addInt(0)
                .addLong(areas.descriptors())
                .addLong(areas.device())
                .addLong(areas.driver())
                .addLong(0));
        to.tell(to.message(Request.SET_VRING_CALL).addLong(queue), link.callDescriptor());
        connected.put(queue, areas);
        return link;
    }

    @Override
    public void start() {
        FrontEnd to = frontEnd();
        for (int queue : connected.keySet()) {
            FrontEndLink link = links.get(queue);
            if (link != null) {
                to.tell(to.message(Request.SET_VRING_KICK).addLong(queue), link.kickDescriptor());
            }
        }
        // A network device begins with one pair (VIRTIO 1.3, section 5.1.6.5.5).
        enable(local.hasControl(count) ? local.queuesEach() : Integer.MAX_VALUE);
    }

    /** Enables the queues below a number, where that is for the front end to say, and no others. */
    private void enable(int limit) {
        FrontEnd to = frontEnd();
        if (Features.has(offered, ProtocolFeatures.OFFERED)) {
            for (int queue : connected.keySet()) {
                to.tell(to.message(Request.SET_VRING_ENABLE).addInt(queue).addInt(queue < limit ? 1 : 0));
            }
        }
    }

    private void usePairs(int pairs) {
        enable(local.queuesEach() * pairs);
    }

    @Override
    public int pollEvents() {
        return frontEnd == null || frontEnd.isLost() ? NEEDS_RESET : 0;
    }

    @Override
    public WaitSource source() {
        return hangUp;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            disconnect();
            links.values().forEach(FrontEndLink::close);
            links.clear();
        }
    }
}
