package io.uk4j.platform.sim;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.net.FrameBatch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One frame of a wire: on its way as plain bytes, or arrived in buffers of the receiving end's pool. Slots are used again,
 * and so are their byte arrays, which grow to the longest frame they ever held.
 */
final class FrameSlot {
    private static final byte[] NO_BYTES = {};

    private byte[] bytes = NO_BYTES;
    private int lengthBytes;
    private final @Nullable ByteBuf[] buffers;
    private final int[] lengths;
    private int fragments;

    private int flags;
    private int gsoType;
    private int gsoSize;
    private int headerLength;
    private int checksumStart;
    private int checksumOffset;

    /** When it arrives, and its place among those that arrive at the same time. */
    long dueNs;

    long order;

    /**
     * Creates a slot.
     *
     * @param fragmentLimit into how many buffers of the receiving end a frame may have to be cut
     */
    FrameSlot(int fragmentLimit) {
        buffers = new ByteBuf[fragmentLimit];
        lengths = new int[fragmentLimit];
    }

    /** Takes over what the batch says about a frame, but not its bytes. */
    void describe(FrameBatch from, int frame) {
        lengthBytes = from.frameBytes(frame);
        flags = from.flags(frame) & FrameBatch.NEEDS_CHECKSUM;
        gsoType = from.gsoType(frame);
        gsoSize = from.gsoSize(frame);
        headerLength = from.headerLength(frame);
        checksumStart = from.checksumStart(frame);
        checksumOffset = from.checksumOffset(frame);
    }

    /** Copies a frame's bytes out of its sender's buffers, to be kept while it is on its way. */
    void store(FrameBatch from, int frame) {
        if (bytes.length < lengthBytes) {
            bytes = new byte[Math.max(2048, Integer.highestOneBit(lengthBytes - 1) << 1)];
        }
        int at = 0;
        for (int i = 0; i < from.fragments(frame); i++) {
            int length = from.length(frame, i);
            source(from, frame, i).get(bytes, at, length);
            at += length;
        }
    }

    /**
     * Copies a frame straight from its sender's buffers into those of the receiving end.
     *
     * @return false if the pool has not enough of them: nothing is held then
     */
    boolean fill(FrameBatch from, int frame, BufferPool pool) {
        if (!acquire(pool)) {
            return false;
        }
        int to = 0;
        int space = lengths[0];
        for (int i = 0; i < from.fragments(frame); i++) {
            ByteBuffer source = source(from, frame, i);
            int end = source.limit();
            while (source.position() < end) {
                if (space == 0) {
                    to++;
                    space = lengths[to];
                }
                int part = Math.min(space, end - source.position());
                source.limit(source.position() + part);
                target(to, lengths[to] - space, part).put(source);
                source.limit(end);
                space -= part;
            }
        }
        return true;
    }

    /**
     * Copies the stored bytes into buffers of the receiving end.
     *
     * @return false if the pool has not enough of them: nothing is held then
     */
    boolean fill(BufferPool pool) {
        if (!acquire(pool)) {
            return false;
        }
        int at = 0;
        for (int i = 0; i < fragments; i++) {
            target(i, 0, lengths[i]).put(bytes, at, lengths[i]);
            at += lengths[i];
        }
        return true;
    }

    private boolean acquire(BufferPool pool) {
        int left = lengthBytes;
        while (left > 0) {
            int part = Math.min(left, pool.maxBytes());
            ByteBuf buffer = pool.tryAcquire(part);
            if (buffer == null) {
                release();
                return false;
            }
            buffer.writerIndex(buffer.readerIndex() + part);
            buffers[fragments] = buffer;
            lengths[fragments] = part;
            fragments++;
            left -= part;
        }
        return true;
    }

    private static ByteBuffer source(FrameBatch from, int frame, int fragment) {
        return from.buffer(frame, fragment)
                .internalNioBuffer(from.offset(frame, fragment), from.length(frame, fragment));
    }

    private ByteBuffer target(int fragment, int offset, int length) {
        ByteBuf buffer = buffer(fragment);
        return buffer.internalNioBuffer(buffer.readerIndex() + offset, length);
    }

    private ByteBuf buffer(int fragment) {
        ByteBuf buffer = buffers[fragment];
        if (buffer == null) {
            throw new IndexOutOfBoundsException("There is no fragment " + fragment + ".");
        }
        return buffer;
    }

    /** How many buffers an arrived frame has. */
    int fragments() {
        return fragments;
    }

    /** Hands an arrived frame over to whoever polls. */
    void moveTo(FrameBatch into) {
        for (int i = 0; i < fragments; i++) {
            ByteBuf buffer = buffer(i);
            buffers[i] = null;
            into.append(buffer, buffer.readerIndex(), lengths[i]);
        }
        fragments = 0;
        into.offload(flags, gsoType, gsoSize, headerLength, checksumStart, checksumOffset);
        into.endFrame();
    }

    /** Gives the receiving end's buffers back. */
    void release() {
        for (int i = 0; i < fragments; i++) {
            ByteBuf buffer = buffer(i);
            buffers[i] = null;
            buffer.release();
        }
        fragments = 0;
    }

    /** A copy of the stored frame as a cable would carry it, with its checksum complete. */
    byte[] copy() {
        byte[] copy = Arrays.copyOf(bytes, lengthBytes);
        if ((flags & FrameBatch.NEEDS_CHECKSUM) != 0) {
            Corruption.completeChecksum(copy, lengthBytes, checksumStart, checksumOffset);
        }
        return copy;
    }

    /**
     * Flips one bit of the stored frame, where the receiving host can notice.
     *
     * @return false if it has no way to notice: the frame is of no use, as a bad frame check sequence would have shown
     */
    boolean flip(Corruption corruption) {
        if ((flags & FrameBatch.NEEDS_CHECKSUM) != 0) {
            Corruption.completeChecksum(bytes, lengthBytes, checksumStart, checksumOffset);
            flags = 0;
        }
        return corruption.flipBit(bytes, lengthBytes);
    }
}
