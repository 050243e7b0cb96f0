package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.PageSource;

/**
 * The blocks that a cache holds, what state each is in, those that are newer than the disk in the order in which they became so, and
 * which one goes when room is needed: one that is the same on the disk and was not used since the hand of the clock last passed.
 */
final class CacheSlots implements AutoCloseable {
    /** No slot. */
    static final int NONE = BlockIndex.NONE;

    private static final int CHUNK_BYTES = 1 << 20;

    /** What a slot is. */
    enum State {
        /** Holds nothing. */
        FREE,
        /** Is being read from the disk. */
        LOADING,
        /** Is as on the disk. */
        CLEAN,
        /** Is newer than the disk. */
        DIRTY,
        /** Is being written to the disk, and so must not change. */
        WRITING
    }

    private final int blockBytes;
    private final Memory memory;
    private final ByteBuf[] chunks;
    private final int slotsPerChunk;
    private final BlockIndex index;
    private final long[] blocks;
    private final State[] states;
    private final boolean[] used;
    private final long[] sequences;
    private final long[] dirtySinceNs;
    private final int[] before;
    private final int[] after;
    private final int[] free;
    private int freeCount;
    private int cleanCount;
    private int unwritten;
    private int firstDirty = NONE;
    private int lastDirty = NONE;
    private int hand;
    private long sequence;

    CacheSlots(PageSource pages, long bytes, int blockBytes) {
        this.blockBytes = blockBytes;
        int slots = Math.toIntExact(Math.max(1, bytes / blockBytes));
        index = new BlockIndex(slots);
        blocks = new long[slots];
        states = new State[slots];
        used = new boolean[slots];
        sequences = new long[slots];
        dirtySinceNs = new long[slots];
        before = new int[slots];
        after = new int[slots];
        free = new int[slots];
        for (int slot = slots - 1; slot >= 0; slot--) {
            states[slot] = State.FREE;
            free[freeCount++] = slot;
        }
        slotsPerChunk = Math.max(1, CHUNK_BYTES / blockBytes);
        memory = new Memory(pages);
        chunks = new ByteBuf[(slots + slotsPerChunk - 1) / slotsPerChunk];
        try {
            for (int i = 0; i < chunks.length; i++) {
                chunks[i] = memory.buffer(Math.min(slotsPerChunk, slots - i * slotsPerChunk) * blockBytes);
            }
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    int count() {
        return states.length;
    }

    /** How many are newer than the disk, those being written among them. */
    int unwritten() {
        return unwritten;
    }

    /** How many hold a block. */
    int held() {
        return states.length - freeCount;
    }

    /** Where a block is, or {@link #NONE}. */
    int find(long block) {
        return index.get(block);
    }

    State state(int slot) {
        return states[slot];
    }

    long block(int slot) {
        return blocks[slot];
    }

    /** The buffer that a slot lies in, at {@link #offset}. */
    ByteBuf buffer(int slot) {
        return chunks[slot / slotsPerChunk];
    }

    int offset(int slot) {
        return slot % slotsPerChunk * blockBytes;
    }

    /** Remembers that a slot was of use. */
    void touch(int slot) {
        used[slot] = true;
    }

    /** A slot for a block that is in none, LOADING; {@link #NONE} if none can be had before something was written. */
    int take(long block) {
        int slot = freeCount > 0 ? free[--freeCount] : evict();
        if (slot != NONE) {
            blocks[slot] = block;
            states[slot] = State.LOADING;
            used[slot] = false;
            index.put(block, slot);
        }
        return slot;
    }

    private int evict() {
        if (cleanCount == 0) {
            return NONE;
        }
        while (true) {
            int slot = hand;
            hand = hand + 1 == states.length ? 0 : hand + 1;
            if (states[slot] == State.CLEAN) {
                if (!used[slot]) {
                    cleanCount--;
                    index.remove(blocks[slot]);
                    return slot;
                }
                used[slot] = false;
            }
        }
    }

    /** A slot that was LOADING or WRITING is as on the disk. */
    void clean(int slot) {
        if (states[slot] == State.WRITING) {
            unwritten--;
        }
        states[slot] = State.CLEAN;
        cleanCount++;
    }

    /** A slot that was LOADING, CLEAN or WRITING, or was dirty before, is newer than the disk. */
    void dirty(int slot, long nowNs) {
        State old = states[slot];
        if (old == State.DIRTY) {
            return;
        }
        if (old == State.CLEAN) {
            cleanCount--;
        }
        if (old != State.WRITING) {
            unwritten++;
        }
        states[slot] = State.DIRTY;
        sequences[slot] = ++sequence;
        dirtySinceNs[slot] = nowNs;
        before[slot] = lastDirty;
        after[slot] = NONE;
        if (lastDirty == NONE) {
            firstDirty = slot;
        } else {
            after[lastDirty] = slot;
        }
        lastDirty = slot;
    }

    /** A dirty slot is about to be written. */
    void writing(int slot) {
        unlink(slot);
        states[slot] = State.WRITING;
    }

    /** Forgets a slot that is LOADING, CLEAN or DIRTY. */
    void drop(int slot) {
        switch (states[slot]) {
            case CLEAN -> cleanCount--;
            case DIRTY -> {
                unlink(slot);
                unwritten--;
            }
            case LOADING -> {
                // Counted nowhere.
            }
            case FREE, WRITING -> throw new IllegalStateException("A slot that is " + states[slot] + " stays.");
        }
        states[slot] = State.FREE;
        index.remove(blocks[slot]);
        free[freeCount++] = slot;
    }

    private void unlink(int slot) {
        if (before[slot] == NONE) {
            firstDirty = after[slot];
        } else {
            after[before[slot]] = after[slot];
        }
        if (after[slot] == NONE) {
            lastDirty = before[slot];
        } else {
            before[after[slot]] = before[slot];
        }
    }

    /** The slot that has been dirty for longest and is not being written, or {@link #NONE}. */
    int firstDirty() {
        return firstDirty;
    }

    /** Since when a dirty slot is. */
    long dirtySinceNs(int slot) {
        return dirtySinceNs[slot];
    }

    /** Which change of the cache made a slot dirty, counted from 1. */
    long sequence(int slot) {
        return sequences[slot];
    }

    /** How many such changes there were. */
    long sequence() {
        return sequence;
    }

    @Override
    public void close() {
        memory.close();
    }
}
