package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.ip.Packet;
import org.jspecify.annotations.Nullable;

/**
 * A run of the stream as pieces of buffers, in ring arrays: {buffer, offset, length, sequence number}. Owns one reference
 * of each. Knows how many bytes it holds, and how many bytes of slots those keep from the pool.
 *
 * <p>The arrays grow to what was needed once and are kept; adding allocates nothing after that.
 */
final class ByteQueue {
    private static final int INITIAL_PIECES = 8;

    private @Nullable ByteBuf[] buffers = new ByteBuf[0];
    private int[] offsets = new int[0];
    private int[] lengths = new int[0];
    private int[] seqs = new int[0];
    private int head;
    private int count;
    private int startSeq;
    private int bytes;
    private long slotBytes;

    /** Empties the queue and says where in the stream it stands. */
    void restartAt(int seq) {
        clear();
        startSeq = seq;
    }

    int startSeq() {
        return startSeq;
    }

    int endSeq() {
        return startSeq + bytes;
    }

    int bytes() {
        return bytes;
    }

    /** How many bytes the buffers have, used or not. */
    long slotBytes() {
        return slotBytes;
    }

    int pieces() {
        return count;
    }

    /** Appends a piece; one reference moves to the queue. */
    void add(ByteBuf buffer, int offset, int length) {
        if (count == buffers.length) {
            grow();
        }
        int at = (head + count) & (buffers.length - 1);
        buffers[at] = buffer;
        offsets[at] = offset;
        lengths[at] = length;
        seqs[at] = endSeq();
        count++;
        bytes += length;
        slotBytes += buffer.capacity();
    }

    ByteBuf headBuffer() {
        return bufferAt(head);
    }

    int headOffset() {
        return offsets[head];
    }

    int headLength() {
        return lengths[head];
    }

    ByteBuf tailBuffer() {
        return bufferAt((head + count - 1) & (buffers.length - 1));
    }

    /** How many bytes of its slot lie behind the last piece. */
    int tailRoom() {
        if (count == 0) {
            return 0;
        }
        int at = (head + count - 1) & (buffers.length - 1);
        return bufferAt(at).capacity() - offsets[at] - lengths[at];
    }

    /** Copies bytes behind the last piece, which has room for them and whose slot nobody else writes to. */
    void extendTail(ByteBuf source, int offset, int length) {
        int at = (head + count - 1) & (buffers.length - 1);
        copy(source, offset, bufferAt(at), offsets[at] + lengths[at], length);
        lengths[at] += length;
        bytes += length;
    }

    /** Like {@link #extendTail(ByteBuf, int, int)}. */
    void extendTail(byte[] source, int offset, int length) {
        int at = (head + count - 1) & (buffers.length - 1);
        bufferAt(at).setBytes(offsets[at] + lengths[at], source, offset, length);
        lengths[at] += length;
        bytes += length;
    }

    /** Drops bytes at the front; pieces that are used up are released. */
    void skip(int length) {
        int left = length;
        while (left > 0) {
            if (left < lengths[head]) {
                offsets[head] += left;
                lengths[head] -= left;
                seqs[head] += left;
                break;
            }
            left -= lengths[head];
            ByteBuf buffer = bufferAt(head);
            buffers[head] = null;
            slotBytes -= buffer.capacity();
            head = (head + 1) & (buffers.length - 1);
            count--;
            buffer.release();
        }
        startSeq += length;
        bytes -= length;
    }

    /**
     * How many bytes from a place on lie in at most so many pieces.
     *
     * @param seq within the queue
     * @param wanted no more than there are
     */
    int reachable(int seq, int wanted, int pieceLimit) {
        int i = indexOf(seq);
        int at = (head + i) & (buffers.length - 1);
        int reached = lengths[at] - (seq - seqs[at]);
        for (int pieces = 1; pieces < pieceLimit && reached < wanted; pieces++) {
            at = (at + 1) & (buffers.length - 1);
            reached += lengths[at];
        }
        return Math.min(reached, wanted);
    }

    /** Appends bytes to a packet as fragments, with a reference for each. */
    void refer(Packet packet, int seq, int length) {
        int at = (head + indexOf(seq)) & (buffers.length - 1);
        int skipped = seq - seqs[at];
        for (int left = length; left > 0; ) {
            int part = Math.min(left, lengths[at] - skipped);
            packet.append(bufferAt(at).retain(), offsets[at] + skipped, part);
            left -= part;
            skipped = 0;
            at = (at + 1) & (buffers.length - 1);
        }
    }

    /** Copies bytes into a buffer. */
    void copyOut(int seq, int length, ByteBuf target, int index) {
        int at = (head + indexOf(seq)) & (buffers.length - 1);
        int skipped = seq - seqs[at];
        int to = index;
        for (int left = length; left > 0; ) {
            int part = Math.min(left, lengths[at] - skipped);
            copy(bufferAt(at), offsets[at] + skipped, target, to, part);
            left -= part;
            to += part;
            skipped = 0;
            at = (at + 1) & (buffers.length - 1);
        }
    }

    /** Releases everything. */
    void clear() {
        int mask = buffers.length - 1;
        startSeq += bytes;
        for (; count > 0; count--) {
            ByteBuf buffer = bufferAt(head);
            buffers[head] = null;
            buffer.release();
            head = (head + 1) & mask;
        }
        bytes = 0;
        slotBytes = 0;
    }

    /** Copies in words: for some hundred bytes that is as fast as a bulk copy, and no view of the source is made. */
    static void copy(ByteBuf source, int from, ByteBuf target, int to, int length) {
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            target.setLong(to + i, source.getLong(from + i));
        }
        for (; i < length; i++) {
            target.setByte(to + i, source.getByte(from + i));
        }
    }

    /** The piece, counted from the head, that holds a byte. */
    private int indexOf(int seq) {
        int mask = buffers.length - 1;
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (Seq.atOrBefore(seqs[(head + middle) & mask], seq)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private ByteBuf bufferAt(int at) {
        ByteBuf buffer = buffers[at];
        if (buffer == null) {
            throw new IllegalStateException("The queue is empty.");
        }
        return buffer;
    }

    private void grow() {
        int size = Math.max(INITIAL_PIECES, 2 * buffers.length);
        @Nullable ByteBuf[] newBuffers = new ByteBuf[size];
        int[] newOffsets = new int[size];
        int[] newLengths = new int[size];
        int[] newSeqs = new int[size];
        for (int i = 0; i < count; i++) {
            int at = (head + i) & (buffers.length - 1);
            newBuffers[i] = buffers[at];
            newOffsets[i] = offsets[at];
            newLengths[i] = lengths[at];
            newSeqs[i] = seqs[at];
        }
        buffers = newBuffers;
        offsets = newOffsets;
        lengths = newLengths;
        seqs = newSeqs;
        head = 0;
    }
}
