package io.uk4j.vhost.user;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.JointSource;
import io.uk4j.core.UkException;
import io.uk4j.core.WaitSource;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PoolBuffer;
import io.uk4j.platform.unix.DescriptorSource;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.platform.unix.UnixListener;
import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.queue.DeviceQueue;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other side of a virtio network device, as a network device itself: what the front end's driver sends is received here, and
 * what is offered here it receives. A guest of QEMU with {@code -netdev vhost-user} can be the front end, or another appliance
 * with {@code vhost-user:PATH}.
 *
 * <p>One front end at a time; when it is gone the next one may connect. As long as there is none, frames are dropped and counted.
 * Frames are copied, since the memory is the other process's. A front end that breaks the rules loses its connection.
 *
 * <p>Thread rule: loop-owned.
 */
final class NetBackEnd implements NetDevice {
    private static final Logger LOG = LoggerFactory.getLogger(NetBackEnd.class);

    private static final long OFFERED =
            Features.VERSION_1 | Features.INDIRECT_DESC | Features.EVENT_IDX | Features.RING_PACKED;

    // From the front end's point of view.
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private static final int HEADER_BYTES = 12;

    /** Nothing to be done, in one buffer. */
    private static final MemorySegment EMPTY_HEADER = MemorySegment.ofArray(
                    new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0})
            .asReadOnly();

    private static final int ETHERNET_HEADER_BYTES = 14;
    private static final int VLAN_TAG_BYTES = 4;
    private static final int FRAGMENT_LIMIT = 64;

    /** How many chains are taken at one poll, those that are no frame included: a front end could make more of them without end. */
    private static final int CHAIN_LIMIT = 256;

    /** After so many polls that found nothing, it is looked whether the front end has something to say. */
    private static final int EMPTY_POLLS = 256;

    private final NetDeviceInfo info;
    private final BufferPool pool;
    private final UnixListener listener;
    private final DescriptorSource connection = DescriptorSource.ofNothing();
    private final DescriptorSource receiveKick = DescriptorSource.ofNothing();
    private final DescriptorSource transmitKick = DescriptorSource.ofNothing();
    private final WaitSource source;
    private final Counter malformed;
    private final Counter unfit;
    private final Counter down;
    private final Counter violations;
    private @Nullable BackEndSession session;
    private @Nullable PoolBuffer spare;
    private final Chain chain = new Chain();
    private int emptyPolls;
    private boolean blocked;
    private boolean closed;

    NetBackEnd(DeviceContext context, String path, String name, MacAddress mac, int mtuBytes) {
        pool = context.pool();
        info = new NetDeviceInfo(name, mac, mtuBytes, 0, mtuBytes + ETHERNET_HEADER_BYTES, FRAGMENT_LIMIT, 0);
        malformed = NetDevices.dropCounter(context.counters(), name, "malformed");
        unfit = NetDevices.dropCounter(context.counters(), name, "unfit");
        down = NetDevices.dropCounter(context.counters(), name, "interface_down");
        violations = context.counters()
                .with("device", name)
                .counter("uk_vhost_violations_total", "Front ends that were sent away for breaking the rules.");
        listener = UnixListener.open(path);
        source = new JointSource(List.of(listener.source(), connection, receiveKick, transmitKick));
    }

    @Override
    public NetDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return source;
    }

    @Override
    public int poll(FrameBatch into) {
        checkOpen();
        int before = into.frames();
        BackEndSession present = session;
        DeviceQueue queue = present == null ? null : present.queue(TRANSMIT);
        if (present != null && queue != null) {
            try {
                receive(present, queue, into);
            } catch (VirtioException e) {
                violated(e);
            }
        }
        int frames = into.frames() - before;
        if (frames == 0 && ++emptyPolls == EMPTY_POLLS) {
            emptyPolls = 0;
            listen();
        }
        return frames;
    }

    private void receive(BackEndSession present, DeviceQueue queue, FrameBatch into) {
        int taken = 0;
        while (taken < CHAIN_LIMIT && into.fragmentSpace() > 0 && hasSpare()) {
            int id = queue.next();
            if (id == DeviceQueue.NONE) {
                break;
            }
            take(queue, into);
            queue.complete(id, 0);
            taken++;
        }
        if (taken > 0) {
            queue.publish();
            present.call(TRANSMIT);
        }
    }

    /** Makes sure of a buffer for the next frame, before the frame is taken from the front end. */
    private boolean hasSpare() {
        if (spare == null && pool.tryAcquire(info.maxFrameBytes() + VLAN_TAG_BYTES) instanceof PoolBuffer buffer) {
            spare = buffer;
        }
        return spare != null;
    }

    /** Copies the frame of the present chain into the spare buffer. */
    private void take(DeviceQueue queue, FrameBatch into) {
        long bytes = -HEADER_BYTES;
        for (int i = 0; i < queue.readable(); i++) {
            bytes += queue.length(i);
        }
        if (bytes < ETHERNET_HEADER_BYTES || bytes > info.maxFrameBytes() + VLAN_TAG_BYTES) {
            malformed.increment();
            return;
        }
        PoolBuffer own = Objects.requireNonNull(spare);
        spare = null;
        int start = own.writerIndex();
        int at = start;
        int skip = HEADER_BYTES;
        for (int i = 0; i < queue.readable(); i++) {
            int skipped = Math.min(skip, queue.length(i));
            skip -= skipped;
            int part = queue.length(i) - skipped;
            MemorySegment.copy(queue.segment(i), queue.offset(i) + skipped, own.segment(), at, part);
            at += part;
        }
        own.writerIndex(at);
        into.append(own, start, (int) bytes);
        into.endFrame();
    }

    @Override
    public int offer(FrameBatch from) {
        checkOpen();
        int frames = from.frames();
        BackEndSession present = session;
        DeviceQueue queue = present == null ? null : present.queue(RECEIVE);
        if (present == null || queue == null) {
            down.add(frames);
            from.releaseFirst(frames);
            return frames;
        }
        int accepted = 0;
        blocked = false;
        try {
            while (accepted < frames) {
                if (!isCarried(from, accepted)) {
                    unfit.increment();
                } else {
                    int id = queue.next();
                    if (id == DeviceQueue.NONE) {
                        blocked = true;
                        break;
                    }
                    queue.complete(id, put(queue, from, accepted));
                }
                accepted++;
            }
            queue.publish();
        } catch (VirtioException e) {
            violated(e);
        }
        from.releaseFirst(accepted);
        return accepted;
    }

    private boolean isCarried(FrameBatch from, int frame) {
        int bytes = from.frameBytes(frame);
        return bytes >= ETHERNET_HEADER_BYTES
                && bytes <= info.maxFrameBytes()
                && from.fragments(frame) <= FRAGMENT_LIMIT
                && from.gsoType(frame) == FrameBatch.GSO_NONE
                && (from.flags(frame) & FrameBatch.NEEDS_CHECKSUM) == 0;
    }

    /** Copies a frame behind an empty header into the present chain; returns how many bytes were written. */
    private int put(DeviceQueue queue, FrameBatch from, int frame) {
        long room = 0;
        for (int i = queue.readable(); i < queue.ranges(); i++) {
            room += queue.length(i);
        }
        int bytes = HEADER_BYTES + from.frameBytes(frame);
        if (room < HEADER_BYTES) {
            unfit.increment();
            return 0;
        }
        chain.begin(queue);
        chain.write(EMPTY_HEADER, 0, HEADER_BYTES);
        if (room < bytes) {
            // The chain was taken: a header alone is a frame that the driver drops, and less would be a fault of ours.
            unfit.increment();
            return HEADER_BYTES;
        }
        for (int i = 0; i < from.fragments(frame); i++) {
            ByteBuf buffer = from.buffer(frame, i);
            MemorySegment memory = buffer instanceof PoolBuffer own
                    ? own.segment()
                    : MemorySegment.ofBuffer(buffer.nioBuffer(0, buffer.capacity()));
            chain.write(memory, from.offset(frame, i), from.length(frame, i));
        }
        return bytes;
    }

    /** A place in the writable ranges of a chain. */
    private static final class Chain {
        private @Nullable DeviceQueue present;
        private int range;
        private int at;

        void begin(DeviceQueue newQueue) {
            present = newQueue;
            range = newQueue.readable();
            at = 0;
        }

        void write(MemorySegment bytes, long offset, int length) {
            DeviceQueue queue = Objects.requireNonNull(present);
            int done = 0;
            while (done < length) {
                int part = Math.min(length - done, queue.length(range) - at);
                MemorySegment.copy(bytes, offset + done, queue.segment(range), queue.offset(range) + at, part);
                done += part;
                at += part;
                if (at == queue.length(range)) {
                    range++;
                    at = 0;
                }
            }
        }
    }

    @Override
    public void flush() {
        if (session != null) {
            session.call(RECEIVE);
        }
    }

    @Override
    public boolean arm() {
        checkOpen();
        listen();
        BackEndSession present = session;
        if (present == null) {
            return false;
        }
        try {
            DeviceQueue transmit = present.queue(TRANSMIT);
            DeviceQueue receive = present.queue(RECEIVE);
            boolean isSent = transmit != null && transmit.arm();
            // Buffers of the front end matter only where an offer was cut short.
            boolean hasRoom = blocked && receive != null && receive.arm();
            return isSent || hasRoom;
        } catch (VirtioException e) {
            violated(e);
            return false;
        }
    }

    /** Accepts a front end, and answers what it says. */
    private void listen() {
        if (session == null) {
            UnixSocket socket = listener.accept();
            if (socket == null) {
                return;
            }
            connection.follow(socket);
            session = new BackEndSession(socket, 2, OFFERED, new byte[0], this::kickable);
            LOG.info("{}: a front end has connected", info.name());
        }
        try {
            if (!session.serve()) {
                LOG.info("{}: the front end is gone", info.name());
                disconnect();
            }
        } catch (UkException e) {
            violated(e);
        }
    }

    private void kickable(int queue, @Nullable EventDescriptor kick) {
        DescriptorSource kicks = queue == RECEIVE ? receiveKick : transmitKick;
        if (kick == null) {
            kicks.followNothing();
        } else {
            kicks.follow(kick);
        }
    }

    private void violated(UkException e) {
        violations.increment();
        LOG.warn("{}: the front end is sent away: {}", info.name(), e.getMessage());
        disconnect();
    }

    private void disconnect() {
        BackEndSession old = session;
        session = null;
        connection.followNothing();
        receiveKick.followNothing();
        transmitKick.followNothing();
        if (old != null) {
            old.close();
        }
    }

    @Override
    public String describe() {
        return "vhost-user-backend, " + (session == null ? "no front end" : "a front end is connected");
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            disconnect();
            listener.close();
            if (spare != null) {
                spare.release();
                spare = null;
            }
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("vhost-user-backend " + info.name() + " is closed.");
        }
    }
}
