package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.uk4j.core.BufferPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A packet buffer pool for tests: one size class, and it remembers who acquired each buffer, for {@link LeakCheck}. Its
 * buffers behave as those of a real pool: direct, of fixed size, one object per slot for life.
 *
 * <p>Thread rule: loop-owned, as every pool.
 */
public final class TestPool implements BufferPool {
    private static final int HEADROOM_BYTES = 128;

    private final class Slot extends UnpooledDirectByteBuf {
        private @Nullable Throwable acquired;

        Slot() {
            super(UnpooledByteBufAllocator.DEFAULT, HEADROOM_BYTES + maxBytes, HEADROOM_BYTES + maxBytes);
        }

        void reuse() {
            acquired = new Throwable("acquired here");
            resetRefCnt();
            setIndex(HEADROOM_BYTES, HEADROOM_BYTES);
        }

        @Override
        protected void deallocate() {
            acquired = null;
            free.push(this);
        }
    }

    private final int maxBytes;
    private final List<Slot> slots = new ArrayList<>();
    private final ArrayDeque<Slot> free = new ArrayDeque<>();

    /** Creates a pool of 256 slots for 2,048 bytes each. */
    public TestPool() {
        this(256, 2048);
    }

    /**
     * Creates a pool.
     *
     * @param slots how many buffers it has, 0 or more
     * @param maxBytes how many bytes fit in each, more than 0
     */
    public TestPool(int slots, int maxBytes) {
        this.maxBytes = maxBytes;
        for (int i = 0; i < slots; i++) {
            Slot slot = new Slot();
            this.slots.add(slot);
            free.add(slot);
        }
    }

    @Override
    public @Nullable ByteBuf tryAcquire(int bytes) {
        if (bytes < 1 || bytes > maxBytes) {
            throw new IllegalArgumentException(bytes + " bytes are not within 1 and " + maxBytes + ".");
        }
        Slot slot = free.poll();
        if (slot != null) {
            slot.reuse();
        }
        return slot;
    }

    @Override
    public int maxBytes() {
        return maxBytes;
    }

    @Override
    public int headroomBytes() {
        return HEADROOM_BYTES;
    }

    @Override
    public long availableBytes() {
        return (long) free.size() * maxBytes;
    }

    @Override
    public long capacityBytes() {
        return (long) slots.size() * maxBytes;
    }

    /** Where the buffers were acquired that are not back yet. */
    List<Throwable> outstanding() {
        List<Throwable> traces = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot.acquired != null) {
                traces.add(slot.acquired);
            }
        }
        return traces;
    }
}
