package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import java.util.BitSet;

/**
 * In which regions of a mirror the legs may differ: before the first write to a region its bit is set on both legs and flushed; it is
 * cleared some time after everything written there was flushed. So after a crash only regions with a bit have to be brought in step.
 */
final class MirrorRegions {
    private final long regionBytes;
    private final int[] writing;
    private final long[] lastWritten;
    private final BitSet wanted = new BitSet();
    private final BitSet durable = new BitSet();
    private final BitSet image = new BitSet();
    private long written;
    private long flushed;

    MirrorRegions(long regionBytes, int regions) {
        this.regionBytes = regionBytes;
        writing = new int[regions];
        lastWritten = new long[regions];
    }

    /** A write begins; true if it may go to the legs at once, else {@link #mayWrite} says when. */
    boolean begin(long offset, long length) {
        int first = (int) (offset / regionBytes);
        int last = (int) ((offset + length - 1) / regionBytes);
        for (int region = first; region <= last; region++) {
            writing[region]++;
        }
        wanted.set(first, last + 1);
        return mayWrite(offset, length);
    }

    /** Whether all bits of a range are durable. */
    boolean mayWrite(long offset, long length) {
        int first = (int) (offset / regionBytes);
        int last = (int) ((offset + length - 1) / regionBytes);
        return durable.nextClearBit(first) > last;
    }

    /** A write has ended on all legs. */
    void end(long offset, long length) {
        int first = (int) (offset / regionBytes);
        int last = (int) ((offset + length - 1) / regionBytes);
        written++;
        for (int region = first; region <= last; region++) {
            writing[region]--;
            lastWritten[region] = written;
        }
    }

    /** How many writes have ended; what a flush that begins now covers. */
    long written() {
        return written;
    }

    /** A flush has ended that began when so many writes had. */
    void flushed(long covered) {
        flushed = Math.max(flushed, covered);
    }

    /** Wants no bit any more for regions whose writes were all flushed; true if there were any. */
    boolean forgetFlushed() {
        boolean any = false;
        for (int region = wanted.nextSetBit(0); region >= 0; region = wanted.nextSetBit(region + 1)) {
            if (writing[region] == 0 && lastWritten[region] <= flushed) {
                wanted.clear(region);
                any = true;
            }
        }
        return any;
    }

    /** Whether any bit is wanted. */
    boolean isAnyWanted() {
        return !wanted.isEmpty();
    }

    /** Puts the bits that are wanted into the map that is about to be written; what is no longer wanted does not count from now on. */
    void beginCommit(ByteBuf map) {
        image.clear();
        image.or(wanted);
        durable.and(image);
        map.setZero(0, map.capacity());
        for (int region = image.nextSetBit(0); region >= 0; region = image.nextSetBit(region + 1)) {
            map.setByte(region >> 3, map.getByte(region >> 3) | 1 << (region & 7));
        }
    }

    /** The map is durable on all legs. */
    void endCommit() {
        durable.or(image);
    }

    /** The bits of a map as it lies on a leg. */
    static BitSet read(ByteBuf map, int regions) {
        byte[] bytes = new byte[map.capacity()];
        map.getBytes(0, bytes);
        BitSet bits = BitSet.valueOf(bytes);
        bits.clear(regions, Math.max(regions, bits.length()));
        return bits;
    }
}
