package io.uk4j.platform.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.uk4j.core.BufferPool;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A pool of one size class, for the tests of a module that stands below the real one. */
final class SmallPool implements BufferPool {
    private static final int HEADROOM = 128;

    private final class Slot extends UnpooledDirectByteBuf {
        Slot() {
            super(UnpooledByteBufAllocator.DEFAULT, HEADROOM + payloadBytes, HEADROOM + payloadBytes);
        }

        void reuse() {
            resetRefCnt();
            setIndex(HEADROOM, HEADROOM);
        }

        @Override
        protected void deallocate() {
            free.add(this);
        }
    }

    private final int payloadBytes;
    private final int slots;
    private final ArrayDeque<Slot> free = new ArrayDeque<>();

    SmallPool(int slots, int payloadBytes) {
        this.slots = slots;
        this.payloadBytes = payloadBytes;
        for (int i = 0; i < slots; i++) {
            free.add(new Slot());
        }
    }

    @Override
    public @Nullable ByteBuf tryAcquire(int bytes) {
        if (bytes > payloadBytes) {
            throw new IllegalArgumentException("At most " + payloadBytes + " bytes, not " + bytes + ".");
        }
        Slot slot = free.poll();
        if (slot != null) {
            slot.reuse();
        }
        return slot;
    }

    @Override
    public int maxBytes() {
        return payloadBytes;
    }

    @Override
    public int headroomBytes() {
        return HEADROOM;
    }

    @Override
    public long availableBytes() {
        return (long) free.size() * payloadBytes;
    }

    @Override
    public long capacityBytes() {
        return (long) slots * payloadBytes;
    }
}
