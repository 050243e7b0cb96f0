package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Which blocks of a base are in a delta, and where. On the disk it is a table with an entry for each block of the delta: which block of the
 * base it holds, and a number that grows with each write; of several entries for one block the highest number counts. The table is
 * made of pieces of 512 bytes, the smallest sector, with a checksum each: a piece is written as a whole or not at all, and each says
 * something true.
 *
 * <p>A block of the delta is never written while an entry that counts leads to it. So it goes from free to taken, is committed, and becomes
 * free again when an entry with a higher number has been committed.
 */
final class SnapshotMap {
    static final int NONE = BlockIndex.NONE;
    static final int PIECE_BYTES = 512;
    static final int ENTRIES = 31;

    private static final int ENTRY_BYTES = 16;
    private static final int CRC_AT = ENTRIES * ENTRY_BYTES;

    private final ByteBuf table;
    private final BlockIndex index;
    private final long[] baseBlocks;
    private final int[] previous;
    private final boolean[] taken;
    private final short[] pins;
    private final boolean[] doomed;
    private final int[] uncommitted;
    private final boolean[] changed;
    private final CRC32C crc = new CRC32C();
    private final byte[] piece = new byte[PIECE_BYTES];
    private int uncommittedCount;
    private int committing;
    private int takenCount;
    private int next;
    private long number;

    /**
     * A map without entries.
     *
     * @param table holds the table, whole pieces, zeroed
     * @param blocks how many blocks the delta has for data
     */
    SnapshotMap(ByteBuf table, int blocks) {
        this.table = table;
        index = new BlockIndex(blocks);
        baseBlocks = new long[blocks];
        previous = new int[blocks];
        taken = new boolean[blocks];
        pins = new short[blocks];
        doomed = new boolean[blocks];
        uncommitted = new int[blocks];
        changed = new boolean[pieces(blocks)];
    }

    static int pieces(int blocks) {
        return (blocks + ENTRIES - 1) / ENTRIES;
    }

    /**
     * Takes over what the table holds.
     *
     * @param limit how many blocks the base has
     * @throws DiskException if a piece is not one
     */
    void load(String name, long limit) {
        long[] numbers = new long[baseBlocks.length];
        for (int piece = 0; piece < changed.length; piece++) {
            checkPiece(name, piece);
        }
        for (int block = 0; block < baseBlocks.length; block++) {
            long entry = table.getLongLE(at(block));
            if (entry == 0) {
                continue;
            }
            numbers[block] = table.getLongLE(at(block) + Long.BYTES);
            number = Math.max(number, numbers[block]);
            baseBlocks[block] = entry - 1;
            if (entry < 0 || entry > limit || numbers[block] <= 0) {
                throw damaged(name, "an entry for block " + (entry - 1) + " of " + limit);
            }
            int other = index.get(entry - 1);
            if (other == NONE || numbers[other] < numbers[block]) {
                if (other != NONE) {
                    index.remove(entry - 1);
                    taken[other] = false;
                    takenCount--;
                }
                index.put(entry - 1, block);
                taken[block] = true;
                takenCount++;
            }
        }
    }

    private void checkPiece(String name, int number) {
        int at = number * PIECE_BYTES;
        table.getBytes(at, piece);
        boolean blank = true;
        for (byte b : piece) {
            blank &= b == 0;
        }
        if (!blank && table.getIntLE(at + CRC_AT) != checksum(at)) {
            throw damaged(name, "piece " + number + " with a wrong checksum");
        }
    }

    private static DiskException damaged(String name, String what) {
        return new DiskException(
                "The table of the snapshot on " + name + " is damaged: it has " + what + ".",
                null,
                "another copy of the delta; the base is as it was");
    }

    private int checksum(int at) {
        table.getBytes(at, piece);
        crc.reset();
        crc.update(piece, 0, CRC_AT);
        return (int) crc.getValue();
    }

    private static int at(int block) {
        return block / ENTRIES * PIECE_BYTES + block % ENTRIES * ENTRY_BYTES;
    }

    /** Where a block of the base is, or {@link #NONE} if nothing was written to it. */
    int find(long baseBlock) {
        return index.get(baseBlock);
    }

    int taken() {
        return takenCount;
    }

    /** Takes a free block, the next one if that is free, or {@link #NONE}. */
    int take() {
        if (takenCount == taken.length) {
            return NONE;
        }
        while (taken[next]) {
            next = next + 1 == taken.length ? 0 : next + 1;
        }
        int block = next;
        next = next + 1 == taken.length ? 0 : next + 1;
        taken[block] = true;
        takenCount++;
        return block;
    }

    /** Takes the block behind one that was just taken, if it is free. */
    boolean takeNext(int block) {
        if (block + 1 != next || block + 1 >= taken.length || taken[next]) {
            return false;
        }
        return take() == block + 1;
    }

    /** Gives back a block that nothing that counts leads to; it is free once nobody reads it. */
    void giveBack(int block) {
        if (pins[block] > 0) {
            doomed[block] = true;
            return;
        }
        taken[block] = false;
        takenCount--;
    }

    /** Somebody is about to read a block: nothing else is put there meanwhile. */
    void pin(int block) {
        pins[block]++;
    }

    /** The reading has ended. */
    void unpin(int block) {
        pins[block]--;
        if (pins[block] == 0 && doomed[block]) {
            doomed[block] = false;
            giveBack(block);
        }
    }

    /** A block that was taken holds a block of the base from now on. */
    void written(long baseBlock, int block) {
        int old = index.get(baseBlock);
        if (old != NONE) {
            index.remove(baseBlock);
        }
        index.put(baseBlock, block);
        previous[block] = old;
        baseBlocks[block] = baseBlock;
        uncommitted[uncommittedCount++] = block;
    }

    /** Whether anything is to be committed. */
    boolean hasUncommitted() {
        return uncommittedCount > 0;
    }

    /** Puts into the table what was written so far; {@link #isChanged} says where. */
    void beginCommit() {
        committing = uncommittedCount;
        for (int i = 0; i < committing; i++) {
            int block = uncommitted[i];
            table.setLongLE(at(block), baseBlocks[block] + 1);
            table.setLongLE(at(block) + Long.BYTES, ++number);
            changed[block / ENTRIES] = true;
        }
        for (int i = 0; i < changed.length; i++) {
            if (changed[i]) {
                table.setIntLE(i * PIECE_BYTES + CRC_AT, checksum(i * PIECE_BYTES));
            }
        }
    }

    int pieces() {
        return changed.length;
    }

    boolean isChanged(int piece) {
        return changed[piece];
    }

    /** The table is durable: what it replaced is free. */
    void endCommit() {
        for (int i = 0; i < committing; i++) {
            int old = previous[uncommitted[i]];
            if (old != NONE) {
                giveBack(old);
            }
        }
        uncommittedCount -= committing;
        System.arraycopy(uncommitted, committing, uncommitted, 0, uncommittedCount);
        committing = 0;
        Arrays.fill(changed, false);
    }
}
