package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived ahead of its turn, ordered and without overlaps, and the ranges that it makes up, which are what the
 * SACK option tells the peer (RFC 2018). Bounded in pieces, in ranges, and in slots.
 */
final class Reassembly {
    static final int MAX_PIECES = 1024;
    static final int MAX_RANGES = 128;

    private @Nullable ByteBuf[] buffers = new ByteBuf[0];
    private int[] offsets = new int[0];
    private int[] lengths = new int[0];
    private int[] seqs = new int[0];
    private int head;
    private int tail;
    private long slotBytes;
    private int bytes;

    private int[] lefts = new int[0];
    private int[] rights = new int[0];
    private int[] ages = new int[0];
    private int ranges;
    private int age;

    boolean isEmpty() {
        return head == tail;
    }

    int bytes() {
        return bytes;
    }

    long slotBytes() {
        return slotBytes;
    }

    int ranges() {
        return ranges;
    }

    /**
     * Whether a segment can be taken: there is a place for each of its fragments, and for a range.
     *
     * @param fragments how many pieces it has
     */
    boolean hasRoom(int fragments) {
        return tail - head + fragments <= MAX_PIECES && ranges < MAX_RANGES;
    }

    /** Takes a piece; one reference moves here. What is there already is not taken twice. */
    void add(ByteBuf buffer, int offset, int length, int seq) {
        int from = seq;
        int to = seq + length;
        note(from, to);
        int at = firstEndingAfter(from);
        // What stands there wins: both copies claim to be the same bytes.
        if (at < tail && Seq.atOrBefore(seqs[at], from)) {
            from = Seq.min(to, seqs[at] + lengths[at]);
            at++;
        }
        int last = at;
        while (last < tail && Seq.atOrBefore(seqs[last] + lengths[last], to)) {
            last++;
        }
        drop(at, last);
        if (at < tail && Seq.before(seqs[at], to)) {
            to = Seq.max(from, seqs[at]);
        }
        if (to == from) {
            buffer.release();
            return;
        }
        if (!extend(at - 1, buffer, offset + (from - seq), to - from, from)) {
            insert(at, buffer, offset + (from - seq), to - from, from);
        }
    }

    /** Copies a short piece behind the one before it, if it continues that one and there is room in its slot. */
    private boolean extend(int before, ByteBuf buffer, int offset, int length, int seq) {
        if (before < head || length > ReceiveQueue.COPY_BYTES || seqs[before] + lengths[before] != seq) {
            return false;
        }
        ByteBuf target = bufferAt(before);
        int end = offsets[before] + lengths[before];
        if (target.capacity() - end < length || target.refCnt() != 1 || target.isReadOnly()) {
            return false;
        }
        ByteQueue.copy(buffer, offset, target, end, length);
        lengths[before] += length;
        bytes += length;
        buffer.release();
        return true;
    }

    /** Moves what has its turn now to the queue; returns how many bytes. */
    int drainTo(ReceiveQueue queue, int nextSeq) {
        int next = nextSeq;
        while (head < tail && Seq.atOrBefore(seqs[head], next)) {
            ByteBuf buffer = bufferAt(head);
            int known = next - seqs[head];
            int fresh = lengths[head] - known;
            int offset = offsets[head] + known;
            bytes -= lengths[head];
            slotBytes -= buffer.capacity();
            buffers[head] = null;
            head++;
            if (fresh > 0) {
                queue.add(buffer, offset, fresh);
                next += fresh;
            } else {
                buffer.release();
            }
        }
        forgetBefore(next);
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        return next - nextSeq;
    }

    /**
     * Writes up to {@code limit} ranges, that of the latest segment first, then those that changed most recently (RFC 2018,
     * section 4); returns how many.
     */
    int writeRanges(ByteBuf target, int index, int limit) {
        int written = 0;
        int youngerThan = age + 1;
        while (written < Math.min(limit, ranges)) {
            int best = -1;
            for (int i = 0; i < ranges; i++) {
                if (ages[i] - youngerThan < 0 && (best < 0 || ages[i] - ages[best] > 0)) {
                    best = i;
                }
            }
            target.setInt(index + 8 * written, lefts[best]);
            target.setInt(index + 8 * written + 4, rights[best]);
            youngerThan = ages[best];
            written++;
        }
        return written;
    }

    void clear() {
        drop(head, tail);
        head = 0;
        tail = 0;
        ranges = 0;
    }

    /** Adds a range, joined with those that it touches. */
    private void note(int from, int to) {
        int left = from;
        int right = to;
        int first = 0;
        while (first < ranges && Seq.before(rights[first], left)) {
            first++;
        }
        int last = first;
        while (last < ranges && Seq.atOrBefore(lefts[last], right)) {
            left = Seq.min(left, lefts[last]);
            right = Seq.max(right, rights[last]);
            last++;
        }
        if (lefts.length == 0) {
            lefts = new int[MAX_RANGES];
            rights = new int[MAX_RANGES];
            ages = new int[MAX_RANGES];
        }
        int moved = ranges - last;
        System.arraycopy(lefts, last, lefts, first + 1, moved);
        System.arraycopy(rights, last, rights, first + 1, moved);
        System.arraycopy(ages, last, ages, first + 1, moved);
        lefts[first] = left;
        rights[first] = right;
        ages[first] = ++age;
        ranges = first + 1 + moved;
    }

    private void forgetBefore(int next) {
        int gone = 0;
        while (gone < ranges && Seq.atOrBefore(rights[gone], next)) {
            gone++;
        }
        if (gone > 0) {
            ranges -= gone;
            System.arraycopy(lefts, gone, lefts, 0, ranges);
            System.arraycopy(rights, gone, rights, 0, ranges);
            System.arraycopy(ages, gone, ages, 0, ranges);
        }
    }

    private int firstEndingAfter(int seq) {
        int low = head;
        int high = tail;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Seq.after(seqs[middle] + lengths[middle], seq)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private void insert(int place, ByteBuf buffer, int offset, int length, int seq) {
        int at = place;
        if (tail == buffers.length) {
            at -= head;
            makeRoom();
        }
        int moved = tail - at;
        System.arraycopy(buffers, at, buffers, at + 1, moved);
        System.arraycopy(offsets, at, offsets, at + 1, moved);
        System.arraycopy(lengths, at, lengths, at + 1, moved);
        System.arraycopy(seqs, at, seqs, at + 1, moved);
        buffers[at] = buffer;
        offsets[at] = offset;
        lengths[at] = length;
        seqs[at] = seq;
        tail++;
        bytes += length;
        slotBytes += buffer.capacity();
    }

    /** Releases the pieces from one place to another and closes the hole. */
    private void drop(int from, int to) {
        for (int i = from; i < to; i++) {
            ByteBuf buffer = bufferAt(i);
            bytes -= lengths[i];
            slotBytes -= buffer.capacity();
            buffer.release();
        }
        if (to > from) {
            int moved = tail - to;
            System.arraycopy(buffers, to, buffers, from, moved);
            System.arraycopy(offsets, to, offsets, from, moved);
            System.arraycopy(lengths, to, lengths, from, moved);
            System.arraycopy(seqs, to, seqs, from, moved);
            for (int i = from + moved; i < tail; i++) {
                buffers[i] = null;
            }
            tail = from + moved;
        }
    }

    /** Moves everything to the front of the arrays, of larger ones if these are more than half full. */
    private void makeRoom() {
        int count = tail - head;
        boolean grows = count > buffers.length / 2 || buffers.length == 0;
        int size = grows ? Math.max(16, 2 * buffers.length) : buffers.length;
        @Nullable ByteBuf[] newBuffers = grows ? new ByteBuf[size] : buffers;
        System.arraycopy(buffers, head, newBuffers, 0, count);
        for (int i = count; i < tail && !grows; i++) {
            newBuffers[i] = null;
        }
        buffers = newBuffers;
        offsets = moved(offsets, count, size);
        lengths = moved(lengths, count, size);
        seqs = moved(seqs, count, size);
        head = 0;
        tail = count;
    }

    private int[] moved(int[] from, int count, int size) {
        int[] to = size == from.length ? from : new int[size];
        System.arraycopy(from, head, to, 0, count);
        return to;
    }

    private ByteBuf bufferAt(int at) {
        ByteBuf buffer = buffers[at];
        if (buffer == null) {
            throw new IllegalStateException("There is no piece " + at + ".");
        }
        return buffer;
    }
}
