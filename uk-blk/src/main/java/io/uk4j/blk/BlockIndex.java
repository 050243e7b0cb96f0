package io.uk4j.blk;

import java.util.Arrays;

/**
 * Which slot a block is in: a hash table of fixed size with linear probing, without tombstones and without an allocation after it was
 * made.
 */
final class BlockIndex {
    static final int NONE = -1;

    private final long[] blocks;
    private final int[] slots;
    private final int mask;

    /**
     * An empty table.
     *
     * @param limit how many blocks it can hold
     */
    BlockIndex(int limit) {
        // Never more than half full, so that probing ends soon.
        int size = Math.max(2, Integer.highestOneBit(Math.max(1, limit)) << 2);
        blocks = new long[size];
        slots = new int[size];
        mask = size - 1;
        Arrays.fill(slots, NONE);
    }

    int get(long block) {
        for (int i = home(block); slots[i] != NONE; i = (i + 1) & mask) {
            if (blocks[i] == block) {
                return slots[i];
            }
        }
        return NONE;
    }

    /** Adds a block that is not there. */
    void put(long block, int slot) {
        int i = home(block);
        while (slots[i] != NONE) {
            i = (i + 1) & mask;
        }
        blocks[i] = block;
        slots[i] = slot;
    }

    /** Takes a block out that is there, and moves up those behind it that probing could not find any more. */
    void remove(long block) {
        int hole = home(block);
        while (blocks[hole] != block || slots[hole] == NONE) {
            hole = (hole + 1) & mask;
        }
        for (int i = (hole + 1) & mask; slots[i] != NONE; i = (i + 1) & mask) {
            int home = home(blocks[i]);
            if (((i - home) & mask) >= ((i - hole) & mask)) {
                blocks[hole] = blocks[i];
                slots[hole] = slots[i];
                hole = i;
            }
        }
        slots[hole] = NONE;
    }

    private int home(long block) {
        long hash = block * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 32) & mask;
    }
}
