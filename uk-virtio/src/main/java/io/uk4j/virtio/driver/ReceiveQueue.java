package io.uk4j.virtio.driver;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceException;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.mm.PoolBuffer;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The receiving queue of a network device: buffers of the pool on their way to the device and back. The header lies in the
 * headroom, so that a frame begins where buffers begin.
 *
 * <p>With mergeable buffers a frame takes as many small ones as it needs (VIRTIO 1.3, section 5.1.6.4). Without, each chain
 * is as long as the longest frame.
 */
final class ReceiveQueue {
    private static final int ETHERNET_HEADER_BYTES = 14;

    /** The most fragments of a frame for which a batch must have room before another frame is taken. */
    private static final int FRAGMENTS_AHEAD = 40;

    /** What a buffer takes of the pool at least. */
    private static final int SMALL_BUFFER_BYTES = 2048;

    /** How many chains of the longest frames there are at most: 64 of them are 4 MiB. */
    private static final int LONG_CHAINS = 64;

    private final Virtqueue queue;
    private final BufferPool pool;
    private final NetCounters counters;
    private final boolean mergeable;
    private final boolean checksum;

    /** The types of frames that the device may put together, as bits. */
    private final int gsoTypes;

    private final int chainBytes;
    private final int chainBuffers;
    private final int size;
    private final int limit;
    private final int refillAt;

    /** The buffers of each chain: the first ones of all chains, then the second ones, and so on. */
    private final @Nullable PoolBuffer[] buffers;

    /** The buffers of the chain that is being built, whose id is known at its end. */
    private final @Nullable PoolBuffer[] next;

    private @Nullable QueueLink link;

    /** How many chains the device has. */
    private int posted;

    /**
     * Creates it empty.
     *
     * @param queues how many queues share the pool
     * @param chainBytes what a chain must hold after the header
     */
    ReceiveQueue(
            Virtqueue queue,
            BufferPool pool,
            int queues,
            NetCounters counters,
            Negotiation negotiation,
            int chainBytes) {
        this.queue = queue;
        this.pool = pool;
        this.counters = counters;
        this.chainBytes = chainBytes;
        mergeable = negotiation.has(NetFeatures.MRG_RXBUF);
        checksum = negotiation.has(NetFeatures.GUEST_CSUM);
        gsoTypes = (negotiation.has(NetFeatures.GUEST_TSO4) ? 1 << FrameBatch.GSO_TCPV4 : 0)
                | (negotiation.has(NetFeatures.GUEST_TSO6) ? 1 << FrameBatch.GSO_TCPV6 : 0)
                | ((negotiation.settled() & NetFeatures.GUEST_USO) != 0 ? 1 << FrameBatch.GSO_UDP : 0);
        chainBuffers = mergeable ? 1 : (chainBytes + pool.maxBytes() - 1) / pool.maxBytes();
        size = queue.size();
        // The rest of the pool is for what is sent, and for frames that their readers keep. Long chains take the large
        // buffers, of which there are few.
        int share = (chainBuffers == 1 ? 2 : 8) * queues;
        long fitting = pool.capacityBytes() / share / Math.max(chainBytes, SMALL_BUFFER_BYTES);
        limit = Math.clamp(fitting, 1, chainBuffers == 1 ? size : Math.min(size, LONG_CHAINS));
        refillAt = Math.max(1, limit / 8);
        buffers = new PoolBuffer[size * chainBuffers];
        next = new PoolBuffer[chainBuffers];
    }

    /** Whether the queue has room for the buffers of one frame. */
    boolean fits() {
        return chainBuffers <= queue.space();
    }

    Virtqueue queue() {
        return queue;
    }

    /** The device knows the queue, and has nothing yet. */
    void connected(QueueLink newLink) {
        link = newLink;
    }

    /** Gives the device as many buffers as it has room for and the pool has left. */
    void refill() {
        int before = posted;
        while (posted < limit && queue.space() >= chainBuffers && post()) {
            posted++;
        }
        if (posted != before) {
            queue.publish();
            if (queue.needsKick()) {
                Objects.requireNonNull(link).kick();
            }
        }
    }

    /** Builds one chain; false if the pool has not enough buffers. */
    private boolean post() {
        if (chainBuffers == 1) {
            PoolBuffer buffer = acquire(chainBytes);
            if (buffer == null) {
                return false;
            }
            int start = buffer.writerIndex() - NetHeader.BYTES;
            int id = queue.addSingle(buffer.deviceAddress() + start, buffer.capacity() - start, true);
            buffers[id] = buffer;
            return true;
        }
        return postLong();
    }

    private boolean postLong() {
        int left = chainBytes;
        for (int i = 0; i < chainBuffers; i++) {
            PoolBuffer buffer = acquire(Math.min(left, pool.maxBytes()));
            if (buffer == null) {
                for (int j = 0; j < i; j++) {
                    Objects.requireNonNull(next[j]).release();
                }
                return false;
            }
            next[i] = buffer;
            left -= buffer.writableBytes();
        }
        for (int i = 0; i < chainBuffers; i++) {
            PoolBuffer buffer = Objects.requireNonNull(next[i]);
            int start = buffer.writerIndex() - (i == 0 ? NetHeader.BYTES : 0);
            queue.add(buffer.deviceAddress() + start, buffer.capacity() - start, true);
        }
        int id = queue.end();
        for (int i = 0; i < chainBuffers; i++) {
            buffers[i * size + id] = next[i];
        }
        return true;
    }

    private @Nullable PoolBuffer acquire(int bytes) {
        ByteBuf buffer = pool.tryAcquire(bytes);
        if (buffer == null || buffer instanceof PoolBuffer) {
            return (PoolBuffer) buffer;
        }
        buffer.release();
        throw new DeviceException(
                "A virtio device cannot receive into buffers of "
                        + pool.getClass().getName() + ".",
                "It needs buffers whose address the device knows.",
                "an io.uk4j.mm.PacketPool");
    }

    /**
     * Takes frames that have arrived, up to the free space of the batch.
     *
     * @throws VirtioException if the device broke the rules; frames appended before stay
     */
    void poll(FrameBatch into) {
        while (into.fragmentSpace() >= FRAGMENTS_AHEAD || (into.isEmpty() && into.fragmentSpace() > 0)) {
            int id = queue.poll();
            if (id == Virtqueue.NONE) {
                break;
            }
            receive(id, into);
        }
        if (limit - posted >= refillAt) {
            refill();
        }
    }

    private void receive(int id, FrameBatch into) {
        posted--;
        PoolBuffer buffer = take(id);
        int bytes = queue.usedBytes() - NetHeader.BYTES;
        if (bytes < 0) {
            releaseChain(buffer, id);
            throw new VirtioException(
                    Violation.USED_LENGTH, "A received frame has " + queue.usedBytes() + " bytes with its header.");
        }
        int start = buffer.writerIndex();
        long first = NetHeader.first(buffer.segment(), start - NetHeader.BYTES);
        int last = NetHeader.last(buffer.segment(), start - NetHeader.BYTES + 8);
        int part = Math.min(bytes, buffer.writableBytes());
        buffer.writerIndex(start + part);
        into.append(buffer, start, part);
        boolean whole;
        if (mergeable) {
            int merged = merge(NetHeader.buffers(last) - 1, into);
            whole = merged >= 0;
            bytes += merged;
        } else {
            whole = chainBuffers == 1 || spread(id, bytes - part, into);
        }
        if (!whole) {
            counters.fragments.increment();
            into.abandonFrame();
        } else if (bytes < ETHERNET_HEADER_BYTES || !NetHeader.isValid(first, last, bytes, checksum, gsoTypes)) {
            counters.malformed.increment();
            into.abandonFrame();
        } else {
            NetHeader.pass(first, last, checksum, into);
            into.endFrame();
        }
    }

    /**
     * Appends the frame's further buffers, which the device has used together with the first one.
     *
     * @return how many bytes they add, or -1 if the batch has no room for all of them
     */
    private int merge(int count, FrameBatch into) {
        if (count < 0 || count >= size) {
            into.abandonFrame();
            throw new VirtioException(Violation.PROTOCOL, "A received frame lies in " + (count + 1) + " buffers.");
        }
        boolean fits = true;
        int total = 0;
        for (int i = 0; i < count; i++) {
            int id = nextMerged(into);
            posted--;
            PoolBuffer buffer = take(id);
            // What follows has no header of its own, and begins where the first buffer's header lay.
            int start = buffer.writerIndex() - NetHeader.BYTES;
            int bytes = queue.usedBytes();
            buffer.setIndex(start, start + bytes);
            fits = fits && into.fragmentSpace() > 0;
            if (fits) {
                into.append(buffer, start, bytes);
                total += bytes;
            } else {
                buffer.release();
            }
        }
        return fits ? total : -1;
    }

    private int nextMerged(FrameBatch into) {
        int id;
        try {
            id = queue.poll();
        } catch (VirtioException e) {
            into.abandonFrame();
            throw e;
        }
        if (id == Virtqueue.NONE) {
            into.abandonFrame();
            throw new VirtioException(Violation.PROTOCOL, "A received frame lacks buffers that it is said to have.");
        }
        return id;
    }

    /** Appends the chain's further buffers as far as the frame reaches, and releases the others. */
    private boolean spread(int id, int left, FrameBatch into) {
        boolean fits = true;
        for (int i = 1; i < chainBuffers; i++) {
            PoolBuffer buffer = take(i * size + id);
            int part = Math.min(left, buffer.writableBytes());
            fits = fits && (part == 0 || into.fragmentSpace() > 0);
            if (part == 0 || !fits) {
                buffer.release();
                continue;
            }
            int start = buffer.writerIndex();
            buffer.writerIndex(start + part);
            into.append(buffer, start, part);
            left -= part;
        }
        return fits;
    }

    private void releaseChain(PoolBuffer first, int id) {
        first.release();
        for (int i = 1; i < chainBuffers; i++) {
            take(i * size + id).release();
        }
    }

    private PoolBuffer take(int place) {
        PoolBuffer buffer = Objects.requireNonNull(buffers[place]);
        buffers[place] = null;
        return buffer;
    }

    /** Asks for a notification of the next frame; true if there is one already. */
    boolean arm() {
        if (posted < limit) {
            refill();
        }
        return queue.arm();
    }

    /** Takes all buffers back from a device that has forgotten them. */
    void reclaim() {
        for (int i = 0; i < buffers.length; i++) {
            PoolBuffer buffer = buffers[i];
            if (buffer != null) {
                buffers[i] = null;
                buffer.release();
            }
        }
        posted = 0;
        queue.reset();
    }
}
