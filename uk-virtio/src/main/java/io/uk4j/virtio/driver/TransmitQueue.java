package io.uk4j.virtio.driver;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Pages;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.mm.PoolBuffer;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sending queue of a network device. The header goes in front of the frame where the first buffer has room for it and
 * nobody else holds that buffer; else it lies in memory of the queue. Buffers that the device cannot reach are copied.
 */
final class TransmitQueue {
    /** How many fragments a frame may have: with the header, what a chain takes. */
    static final int FRAGMENT_LIMIT = 63;

    private static final int ETHERNET_HEADER_BYTES = 14;
    private static final int VLAN_TAG_BYTES = 4;
    private static final int HEADER_SLOT_BYTES = 16;

    /** An offload that no device has. */
    private static final int UNKNOWN = -1;

    private final Virtqueue queue;
    private final BufferPool pool;
    private final NetCounters counters;
    private final Pages headers;
    private final boolean marksCongestion;
    private final int size;
    private final int fragmentLimit;

    /** The buffers of each chain, up to the first null: the first ones of all chains, then the second ones, and so on. */
    private final @Nullable PoolBuffer[] buffers;

    // The frame that is being sent, in memory that the device can reach.
    private final @Nullable PoolBuffer[] next = new PoolBuffer[FRAGMENT_LIMIT];
    private final int[] nextOffsets = new int[FRAGMENT_LIMIT];
    private final int[] nextLengths = new int[FRAGMENT_LIMIT];
    private int nextCount;

    private @Nullable QueueLink link;
    private int underWay;
    private boolean blocked;

    TransmitQueue(Virtqueue queue, BufferPool pool, NetCounters counters, QueueMemory memory, boolean marksCongestion) {
        this.queue = queue;
        this.pool = pool;
        this.counters = counters;
        this.marksCongestion = marksCongestion;
        size = queue.size();
        headers = memory.allocate((long) size * HEADER_SLOT_BYTES);
        fragmentLimit = Math.min(FRAGMENT_LIMIT, queue.space() - 1);
        buffers = new PoolBuffer[size * fragmentLimit];
    }

    /** How many fragments a frame may have. */
    int fragmentLimit() {
        return fragmentLimit;
    }

    Virtqueue queue() {
        return queue;
    }

    void connected(QueueLink newLink) {
        link = newLink;
    }

    /** Frames are about to be offered. */
    void begin() {
        blocked = false;
        if (queue.chains() < size - size / 4) {
            reap();
        }
    }

    /**
     * Takes a frame, or drops and counts one that cannot be carried. The caller removes it from the batch.
     *
     * @return false if there is no room for it
     * @throws io.uk4j.virtio.VirtioException if the device broke the rules
     */
    boolean take(FrameBatch from, int frame, NetDeviceInfo info) {
        if (!isCarried(from, frame, info)) {
            counters.unfit.increment();
            return true;
        }
        if (queue.space() <= from.fragments(frame) && !hasRoom(from.fragments(frame))) {
            blocked = true;
            return false;
        }
        send(from, frame);
        return true;
    }

    /** Shows the device what was taken. */
    void publish() {
        queue.publish();
    }

    private boolean hasRoom(int fragments) {
        reap();
        return queue.space() > fragments;
    }

    private boolean isCarried(FrameBatch from, int frame, NetDeviceInfo info) {
        int bytes = from.frameBytes(frame);
        int type = from.gsoType(frame) & ~FrameBatch.GSO_ECN;
        int needed = switch (type) {
            case FrameBatch.GSO_NONE ->
                (from.flags(frame) & FrameBatch.NEEDS_CHECKSUM) == 0 ? 0 : NetDeviceInfo.OFFLOAD_TX_CHECKSUM;
            case FrameBatch.GSO_TCPV4 -> NetDeviceInfo.OFFLOAD_TSO4;
            case FrameBatch.GSO_TCPV6 -> NetDeviceInfo.OFFLOAD_TSO6;
            case FrameBatch.GSO_UDP -> from.gsoType(frame) == FrameBatch.GSO_UDP ? NetDeviceInfo.OFFLOAD_USO : UNKNOWN;
            default -> UNKNOWN;
        };
        int longest = type == FrameBatch.GSO_NONE
                ? Math.min(info.maxFrameBytes(), info.mtuBytes() + ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES)
                : info.maxFrameBytes();
        boolean cut = from.gsoType(frame) != FrameBatch.GSO_NONE;
        boolean marked = (from.gsoType(frame) & FrameBatch.GSO_ECN) != 0;
        // What is cut has checksums to be computed (VIRTIO 1.3, section 5.1.6.2.1), and marks only where that was
        // agreed on.
        if (cut && ((from.flags(frame) & FrameBatch.NEEDS_CHECKSUM) == 0 || (marked && !marksCongestion))) {
            return false;
        }
        return bytes >= ETHERNET_HEADER_BYTES
                && bytes <= longest
                && from.fragments(frame) <= fragmentLimit
                && info.has(needed);
    }

    private void send(FrameBatch from, int frame) {
        if (from.fragments(frame) == 1
                && from.buffer(frame, 0) instanceof PoolBuffer only
                && from.offset(frame, 0) >= NetHeader.BYTES
                && only.refCnt() == 1) {
            sendSingle(from, frame, only);
        } else {
            sendGathered(from, frame);
        }
    }

    /** Sends a frame in one range; what most frames are, so it stores as little as can be. */
    private void sendSingle(FrameBatch from, int frame, PoolBuffer only) {
        int start = from.offset(frame, 0) - NetHeader.BYTES;
        NetHeader.write(only.segment(), start, from, frame);
        int id = queue.addSingle(only.deviceAddress() + start, from.length(frame, 0) + NetHeader.BYTES, false);
        from.take(frame, 0);
        buffers[id] = only;
        underWay++;
    }

    private void sendGathered(FrameBatch from, int frame) {
        if (!gather(from, frame)) {
            counters.noBuffer.increment();
            return;
        }
        PoolBuffer first = Objects.requireNonNull(next[0]);
        int start = nextOffsets[0] - NetHeader.BYTES;
        int id = queue.nextId();
        if (start >= 0 && first.refCnt() == 1) {
            NetHeader.write(first.segment(), start, from, frame);
            nextOffsets[0] = start;
            nextLengths[0] += NetHeader.BYTES;
        } else {
            long at = (long) id * HEADER_SLOT_BYTES;
            NetHeader.write(headers.segment(), at, from, frame);
            queue.add(headers.deviceAddress() + at, NetHeader.BYTES, false);
        }
        for (int i = 0; i < nextCount; i++) {
            PoolBuffer buffer = Objects.requireNonNull(next[i]);
            queue.add(buffer.deviceAddress() + nextOffsets[i], nextLengths[i], false);
        }
        queue.end();
        for (int i = 0; i < nextCount; i++) {
            buffers[i * size + id] = next[i];
        }
        underWay++;
    }

    /**
     * Takes the frame's references, or copies where the device cannot reach a buffer.
     *
     * @return false if there is no buffer for that, or the copies are in more pieces than there is room for
     */
    private boolean gather(FrameBatch from, int frame) {
        nextCount = 0;
        int room = Math.min(fragmentLimit, queue.space() - 1);
        int fragments = from.fragments(frame);
        for (int i = 0; i < fragments; i++) {
            int offset = from.offset(frame, i);
            int length = from.length(frame, i);
            if (length == 0) {
                continue;
            }
            boolean gathered;
            if (from.buffer(frame, i) instanceof PoolBuffer own) {
                gathered = nextCount < room;
                if (gathered) {
                    from.take(frame, i);
                    set(own, offset, length);
                }
            } else {
                gathered = copy(from.buffer(frame, i), offset, length, room);
            }
            if (!gathered) {
                for (int j = 0; j < nextCount; j++) {
                    Objects.requireNonNull(next[j]).release();
                }
                return false;
            }
        }
        return true;
    }

    private boolean copy(ByteBuf buffer, int offset, int length, int room) {
        int done = 0;
        while (done < length) {
            int part = Math.min(length - done, pool.maxBytes());
            if (nextCount == room || !(pool.tryAcquire(part) instanceof PoolBuffer copy)) {
                return false;
            }
            int start = copy.writerIndex();
            copy.writeBytes(buffer, offset + done, part);
            set(copy, start, part);
            done += part;
        }
        return true;
    }

    private void set(PoolBuffer buffer, int offset, int length) {
        next[nextCount] = buffer;
        nextOffsets[nextCount] = offset;
        nextLengths[nextCount] = length;
        nextCount++;
    }

    /** Tells the device of what was offered, if it wants to know. */
    void flush() {
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    /**
     * Releases what the device has sent.
     *
     * @return how many frames
     */
    int reap() {
        if (underWay == 0) {
            return 0;
        }
        int done = 0;
        for (int id = queue.poll(); id != Virtqueue.NONE; id = queue.poll()) {
            release(id);
            done++;
        }
        underWay -= done;
        return done;
    }

    private void release(int id) {
        for (int place = id; place < buffers.length; place += size) {
            PoolBuffer buffer = buffers[place];
            if (buffer == null) {
                return;
            }
            buffers[place] = null;
            buffer.release();
        }
    }

    /**
     * Asks for a notification when something is sent, where that is of use: where an offer was cut short, or the device holds
     * buffers that somebody may wait for.
     *
     * @return true if something is sent already
     */
    boolean arm() {
        return (blocked || underWay > 0) && queue.arm();
    }

    /** Takes all buffers back from a device that has forgotten them; nobody knows what of it was sent. */
    void reclaim() {
        for (int id = 0; id < size; id++) {
            if (buffers[id] != null) {
                release(id);
                counters.reset.increment();
            }
        }
        underWay = 0;
        queue.reset();
    }
}
