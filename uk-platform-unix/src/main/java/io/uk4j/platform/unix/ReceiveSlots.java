package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that the next frame is read into: one small, then as many large ones as the longest frame needs. A frame
 * takes what it fills and leaves the rest in place, so a short frame costs one small buffer.
 *
 * <p>Running out: where the pool has no small buffer left, short frames take the large ones that are here; without any,
 * nothing is read, and frames wait in the kernel's queue. Without large ones short frames still come through, and a
 * longer one is cut off, which its reader notices.
 *
 * <p>Thread rule: loop-owned.
 */
final class ReceiveSlots {
    private static final int SLOT_LIMIT = 64;

    private final BufferPool pool;
    private final int smallBytes;
    private final int wantedBytes;
    private final Iovecs iovecs = new Iovecs(SLOT_LIMIT);
    private final @Nullable ByteBuf[] slots = new ByteBuf[SLOT_LIMIT];
    private int first;
    private int count;
    private int capacityBytes;

    /**
     * Creates empty slots.
     *
     * @param pool where buffers come from
     * @param smallBytes how much the first must hold
     * @param wantedBytes how much all should hold together
     */
    ReceiveSlots(BufferPool pool, int smallBytes, int wantedBytes) {
        this.pool = pool;
        this.smallBytes = Math.min(smallBytes, pool.maxBytes());
        this.wantedBytes = wantedBytes;
    }

    /**
     * Fills up from the pool, as far as it goes.
     *
     * @return whether there is a buffer, so that a frame can be read
     */
    boolean refill() {
        if (first == 0 && capacityBytes >= wantedBytes) {
            return true;
        }
        if (first > 0 || count == 0) {
            ByteBuf small = pool.tryAcquire(smallBytes);
            if (small == null && first == count) {
                return false;
            }
            moveUp(small == null ? 0 : 1);
            if (small != null) {
                set(0, small);
            }
        }
        while (capacityBytes < wantedBytes && count < SLOT_LIMIT) {
            ByteBuf large = pool.tryAcquire(Math.min(wantedBytes - capacityBytes, pool.maxBytes()));
            if (large == null) {
                break;
            }
            set(count++, large);
        }
        return true;
    }

    /** Moves what is left, large ones, up to an index. */
    private void moveUp(int to) {
        int left = count - first;
        if (first != to) {
            for (int i = 0; i < left; i++) {
                ByteBuf moved = peek(first + i);
                slots[first + i] = null;
                slots[to + i] = moved;
                entry(to + i, moved);
            }
        }
        first = 0;
        count = to + left;
    }

    private void set(int index, ByteBuf buffer) {
        slots[index] = buffer;
        capacityBytes += buffer.writableBytes();
        entry(index, buffer);
    }

    private void entry(int index, ByteBuf buffer) {
        iovecs.fragment(index, buffer.memoryAddress() + buffer.writerIndex(), buffer.writableBytes());
    }

    /** How many there are, after {@link #refill} said true. */
    int count() {
        return count;
    }

    /** How many bytes the first so many of them hold. */
    int capacityBytes(int slotCount) {
        if (slotCount == count) {
            return capacityBytes;
        }
        int bytes = 0;
        for (int i = 0; i < slotCount; i++) {
            bytes += peek(i).writableBytes();
        }
        return bytes;
    }

    Iovecs iovecs() {
        return iovecs;
    }

    /** Takes the next buffer, in order; its reference is the caller's. */
    ByteBuf take() {
        ByteBuf buffer = peek(first);
        slots[first++] = null;
        capacityBytes -= buffer.writableBytes();
        return buffer;
    }

    private ByteBuf peek(int index) {
        ByteBuf buffer = slots[index];
        if (buffer == null) {
            throw new IllegalStateException("There is no buffer at " + index + ": refill() first.");
        }
        return buffer;
    }

    /** Gives all buffers back. */
    void release() {
        for (int i = first; i < count; i++) {
            peek(i).release();
            slots[i] = null;
        }
        first = 0;
        count = 0;
        capacityBytes = 0;
    }
}
