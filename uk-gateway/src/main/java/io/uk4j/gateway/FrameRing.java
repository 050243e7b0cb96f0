package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.SignalSource;
import io.uk4j.core.net.FrameBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Carries frames from one thread to another in a bounded ring of bytes: copied in by the one producer, copied out by the
 * one consumer into buffers of its own pool.
 *
 * <p>A record is a header of {@value #HEADER_BYTES} bytes and the frame, rounded up to 8 bytes; a record never wraps, a
 * negative length fills up the end of the ring. Positions count bytes since the start and are published with release,
 * read with acquire.
 *
 * <p>Thread rule: the methods say who calls them.
 */
final class FrameRing {
    static final int HEADER_BYTES = 16;

    /** Positions in an array of longs, a cache line and its prefetched neighbour apart. */
    private static final int TAIL = 16;

    private static final int HEAD = 32;
    private static final int CONSUMER_WAITS = 48;
    private static final int PRODUCER_WAITS = 64;

    /** How much to ask for when the pool has no large buffer left: {@value} bytes make 37 fragments of the longest frame. */
    private static final int FALLBACK_BYTES = 1792;

    private final AtomicLongArray shared = new AtomicLongArray(80);
    private final ByteBuffer bytes;
    private final int capacity;
    private final SignalSource toConsumer;
    private final SignalSource toProducer;

    /** The producer's own tail and what it last saw of the head. */
    private long tail;

    private long headSeen;

    /** The consumer's own head and what it last saw of the tail. */
    private long head;

    private long tailSeen;

    /**
     * Creates an empty ring.
     *
     * @param capacityBytes a power of two, over twice the longest frame
     * @param toConsumer signalled when frames came after {@link #armConsumer}
     * @param toProducer signalled when room came after {@link #armProducer}
     */
    FrameRing(int capacityBytes, SignalSource toConsumer, SignalSource toProducer) {
        if (Integer.bitCount(capacityBytes) != 1) {
            throw new IllegalArgumentException("Not a power of two: " + capacityBytes);
        }
        capacity = capacityBytes;
        bytes = ByteBuffer.allocateDirect(capacityBytes).order(ByteOrder.nativeOrder());
        this.toConsumer = toConsumer;
        this.toProducer = toProducer;
    }

    /**
     * Producer: copies one frame of a batch in. The consumer may not notice before {@link #flush}.
     *
     * @return false if there is no room; nothing was copied
     */
    boolean offer(FrameBatch from, int frame) {
        int length = from.frameBytes(frame);
        int record = recordBytes(length);
        int at = (int) (tail & (capacity - 1));
        int toEnd = capacity - at;
        int needed = record <= toEnd ? record : toEnd + record;
        if (needed > capacity - (tail - headSeen)) {
            headSeen = shared.getAcquire(HEAD);
            if (needed > capacity - (tail - headSeen)) {
                return false;
            }
        }
        if (record > toEnd) {
            bytes.putInt(at, -1);
            tail += toEnd;
            at = 0;
        }
        bytes.putInt(at, length);
        bytes.put(at + 4, (byte) from.flags(frame));
        bytes.put(at + 5, (byte) from.gsoType(frame));
        bytes.putChar(at + 6, (char) from.gsoSize(frame));
        bytes.putChar(at + 8, (char) from.headerLength(frame));
        bytes.putChar(at + 10, (char) from.checksumStart(frame));
        bytes.putChar(at + 12, (char) from.checksumOffset(frame));
        int to = at + HEADER_BYTES;
        for (int i = 0; i < from.fragments(frame); i++) {
            int offset = from.offset(frame, i);
            int part = from.length(frame, i);
            ByteBuffer source = from.buffer(frame, i).internalNioBuffer(offset, part);
            bytes.put(to, source, source.position(), part);
            to += part;
        }
        tail += record;
        shared.setRelease(TAIL, tail);
        return true;
    }

    /** Producer: wakes the consumer if it sleeps. */
    void flush() {
        // Full fences on both sides of this pair: either this sees that the consumer waits, or the consumer sees the
        // tail.
        if (shared.get(CONSUMER_WAITS) != 0 && shared.getAndSet(CONSUMER_WAITS, 0) != 0) {
            toConsumer.signal();
        }
    }

    /**
     * Producer: asks for a signal when room comes.
     *
     * @return true if there is room for the longest frame already
     */
    boolean armProducer(int longestFrameBytes) {
        shared.getAndSet(PRODUCER_WAITS, 1);
        headSeen = shared.get(HEAD);
        return capacity - (tail - headSeen) >= 2L * recordBytes(longestFrameBytes);
    }

    /**
     * Consumer: copies the next frame out, appending it to the batch.
     *
     * @param into has room for one frame of as many fragments as the longest frame needs
     * @return {@link #NOTHING}, {@link #TAKEN}, or {@link #NO_BUFFER} if the pool had no buffer: the frame is gone then
     */
    int poll(FrameBatch into, BufferPool pool) {
        int at = next();
        if (at < 0) {
            return NOTHING;
        }
        int length = bytes.getInt(at);
        int from = at + HEADER_BYTES;
        int left = length;
        while (left > 0) {
            int part = Math.min(left, pool.maxBytes());
            ByteBuf buffer = pool.tryAcquire(part);
            if (buffer == null && part > FALLBACK_BYTES) {
                part = FALLBACK_BYTES;
                buffer = pool.tryAcquire(part);
            }
            if (buffer == null) {
                into.abandonFrame();
                advance(recordBytes(length));
                return NO_BUFFER;
            }
            int offset = buffer.writerIndex();
            part = Math.min(left, buffer.capacity() - offset);
            ByteBuffer target = buffer.internalNioBuffer(offset, part);
            target.put(target.position(), bytes, from, part);
            buffer.writerIndex(offset + part);
            into.append(buffer, offset, part);
            from += part;
            left -= part;
        }
        into.offload(
                bytes.get(at + 4),
                bytes.get(at + 5) & 0xff,
                bytes.getChar(at + 6),
                bytes.getChar(at + 8),
                bytes.getChar(at + 10),
                bytes.getChar(at + 12));
        into.endFrame();
        advance(recordBytes(length));
        return TAKEN;
    }

    /** There is no frame. */
    static final int NOTHING = 0;

    /** A frame was appended. */
    static final int TAKEN = 1;

    /** A frame was lost as the pool had no buffer. */
    static final int NO_BUFFER = 2;

    /**
     * Consumer: asks for a signal when a frame comes.
     *
     * @return true if there is one already
     */
    boolean armConsumer() {
        shared.getAndSet(CONSUMER_WAITS, 1);
        tailSeen = shared.get(TAIL);
        return tailSeen != head;
    }

    /** Where the next record begins, or -1. */
    private int next() {
        for (; ; ) {
            if (head == tailSeen) {
                tailSeen = shared.getAcquire(TAIL);
                if (head == tailSeen) {
                    return -1;
                }
            }
            int at = (int) (head & (capacity - 1));
            if (bytes.getInt(at) >= 0) {
                return at;
            }
            advance(capacity - at);
        }
    }

    private void advance(int count) {
        head += count;
        shared.setRelease(HEAD, head);
    }

    /** Consumer: after a series of polls, wakes the producer if it waits for room. */
    void release() {
        if (shared.get(PRODUCER_WAITS) != 0 && shared.getAndSet(PRODUCER_WAITS, 0) != 0) {
            toProducer.signal();
        }
    }

    private static int recordBytes(int length) {
        return (HEADER_BYTES + length + 7) & -8;
    }
}
