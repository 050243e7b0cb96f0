package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Where on a device the blocks of a disk are, and a checksum of each. On the device it is a table with an entry for each place: which block it
 * holds, the block's checksum, and a number that grows with each write; of several entries for one block the highest number counts.
 * The table is made of pieces of 512 bytes, the smallest sector, with a checksum each: a piece is written as a whole or not at all,
 * and each says something true.
 *
 * <p>A place is never written while an entry that counts leads to it. So it goes from free to taken, is committed, and becomes free again
 * when an entry with a higher number has been committed.
 */
final class BlockMap {
    static final int NONE = BlockIndex.NONE;
    static final int PIECE_BYTES = 512;
    static final int ENTRIES = 25;

    private static final int ENTRY_BYTES = 20;
    private static final int NUMBER_AT = 8;
    private static final int SUM_AT = 16;
    private static final int CRC_AT = PIECE_BYTES - Integer.BYTES;

    private final ByteBuf table;
    private final BlockIndex index;
    private final long[] blocks;
    private final int[] sums;
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
    private int doomedCount;
    private int next;
    private long number;

    /**
     * A map without entries.
     *
     * @param table holds the table, whole pieces, zeroed
     * @param places how many there are for blocks
     */
    BlockMap(ByteBuf table, int places) {
        this.table = table;
        index = new BlockIndex(places);
        blocks = new long[places];
        sums = new int[places];
        previous = new int[places];
        taken = new boolean[places];
        pins = new short[places];
        doomed = new boolean[places];
        uncommitted = new int[places];
        changed = new boolean[pieces(places)];
    }

    static int pieces(int places) {
        return (places + ENTRIES - 1) / ENTRIES;
    }

    /**
     * Takes over what the table holds.
     *
     * @param name of the device, for messages
     * @param limit how many blocks the disk has
     * @throws DiskException if a piece is not one
     */
    void load(String name, long limit) {
        long[] numbers = new long[blocks.length];
        for (int i = 0; i < changed.length; i++) {
            checkPiece(name, i);
        }
        for (int place = 0; place < blocks.length; place++) {
            long entry = table.getLongLE(at(place));
            if (entry == 0) {
                continue;
            }
            long block = entry - 1;
            numbers[place] = table.getLongLE(at(place) + NUMBER_AT);
            if (entry < 0 || entry > limit || numbers[place] <= 0) {
                throw damaged(name, "an entry for block " + block + " of " + limit);
            }
            number = Math.max(number, numbers[place]);
            blocks[place] = block;
            sums[place] = table.getIntLE(at(place) + SUM_AT);
            int other = index.get(block);
            if (other == NONE || numbers[other] < numbers[place]) {
                if (other != NONE) {
                    index.remove(block);
                    taken[other] = false;
                    takenCount--;
                }
                index.put(block, place);
                taken[place] = true;
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
                "The table on " + name + " is damaged: it has " + what + ".", null, "another copy of it");
    }

    private int checksum(int at) {
        table.getBytes(at, piece);
        crc.reset();
        crc.update(piece, 0, CRC_AT);
        return (int) crc.getValue();
    }

    private static int at(int place) {
        return place / ENTRIES * PIECE_BYTES + place % ENTRIES * ENTRY_BYTES;
    }

    /** Where a block is, or {@link #NONE} if it was never written. */
    int find(long block) {
        return index.get(block);
    }

    /** The checksum of what is at a place. */
    int sum(int place) {
        return sums[place];
    }

    /** How many places are not free. */
    int taken() {
        return takenCount;
    }

    /** Whether there is a free place. */
    boolean hasFree() {
        return takenCount < taken.length;
    }

    /** Whether there are places that become free once they are not read any more. */
    boolean hasDoomed() {
        return doomedCount > 0;
    }

    /** Takes a free place, the next one if that is free, or {@link #NONE}. */
    int take() {
        if (!hasFree()) {
            return NONE;
        }
        while (taken[next]) {
            next = next + 1 == taken.length ? 0 : next + 1;
        }
        int place = next;
        next = next + 1 == taken.length ? 0 : next + 1;
        taken[place] = true;
        takenCount++;
        return place;
    }

    /** Takes the place behind one that was just taken, if it is free. */
    boolean takeNext(int place) {
        if (place + 1 != next || place + 1 >= taken.length || taken[next]) {
            return false;
        }
        return take() == place + 1;
    }

    /** Gives back a place that nothing that counts leads to; it is free once nobody reads it. */
    void giveBack(int place) {
        if (pins[place] > 0) {
            doomed[place] = true;
            doomedCount++;
            return;
        }
        taken[place] = false;
        takenCount--;
    }

    /** Somebody is about to read a place: nothing else is put there meanwhile. */
    void pin(int place) {
        pins[place]++;
    }

    /** The reading has ended. */
    void unpin(int place) {
        pins[place]--;
        if (pins[place] == 0 && doomed[place]) {
            doomed[place] = false;
            doomedCount--;
            giveBack(place);
        }
    }

    /** A place that was taken holds a block from now on. */
    void written(long block, int place, int sum) {
        int old = index.get(block);
        if (old != NONE) {
            index.remove(block);
        }
        index.put(block, place);
        previous[place] = old;
        blocks[place] = block;
        sums[place] = sum;
        uncommitted[uncommittedCount++] = place;
    }

    /** Whether anything is to be committed. */
    boolean hasUncommitted() {
        return uncommittedCount > 0;
    }

    /** Puts into the table what was written so far; {@link #isChanged} says where. */
    void beginCommit() {
        committing = uncommittedCount;
        for (int i = 0; i < committing; i++) {
            int place = uncommitted[i];
            table.setLongLE(at(place), blocks[place] + 1);
            table.setLongLE(at(place) + NUMBER_AT, ++number);
            table.setIntLE(at(place) + SUM_AT, sums[place]);
            changed[place / ENTRIES] = true;
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
