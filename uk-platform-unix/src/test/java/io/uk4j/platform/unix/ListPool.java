package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.uk4j.core.BufferPool;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A pool of two size classes whose exhaustion a test can arrange. */
final class ListPool implements BufferPool {
    static final int SMALL_BYTES = 2048 - 128;
    static final int LARGE_BYTES = 16_384;
    private static final int HEADROOM_BYTES = 128;

    private final Deque<ByteBuf> small = new ArrayDeque<>();
    private final Deque<ByteBuf> large = new ArrayDeque<>();
    private final long capacityBytes;

    ListPool(int smallCount, int largeCount) {
        fill(small, smallCount, SMALL_BYTES);
        fill(large, largeCount, LARGE_BYTES);
        capacityBytes = availableBytes();
    }

    private static void fill(Deque<ByteBuf> list, int count, int bytes) {
        for (int i = 0; i < count; i++) {
            list.add(new Slot(list, HEADROOM_BYTES + bytes));
        }
    }

    @Override
    public @Nullable ByteBuf tryAcquire(int bytes) {
        if (bytes <= 0 || bytes > LARGE_BYTES) {
            throw new IllegalArgumentException("bytes " + bytes);
        }
        ByteBuf slot = bytes <= SMALL_BYTES ? small.poll() : null;
        if (slot == null) {
            slot = large.poll();
        }
        return slot == null ? null : slot.setIndex(HEADROOM_BYTES, HEADROOM_BYTES);
    }

    @Override
    public int maxBytes() {
        return LARGE_BYTES;
    }

    @Override
    public int headroomBytes() {
        return HEADROOM_BYTES;
    }

    @Override
    public long availableBytes() {
        return (long) small.size() * SMALL_BYTES + (long) large.size() * LARGE_BYTES;
    }

    @Override
    public long capacityBytes() {
        return capacityBytes;
    }

    private static final class Slot extends UnpooledDirectByteBuf {
        private final Deque<ByteBuf> home;

        Slot(Deque<ByteBuf> home, int bytes) {
            super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes);
            this.home = home;
        }

        @Override
        protected void deallocate() {
            resetRefCnt();
            home.push(this);
        }
    }
}
