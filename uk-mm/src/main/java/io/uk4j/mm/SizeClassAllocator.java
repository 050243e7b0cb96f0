package io.uk4j.mm;

import io.uk4j.core.Allocator;
import java.util.Arrays;

/**
 * Ranges of few sizes, packed into spans of 64 quanta. A span belongs to one size class while it holds a range, and is
 * free for any other when its last range is gone. The classes are those sizes of which 1, 2, 3 up to 64 fill a span: 64,
 * 32, 21, 16, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2 and 1 quanta. What is larger than half a span is a run of whole spans.
 *
 * <p><em>Choose it</em> for many small things that come and go in any order: blocks of a cache, table entries, messages.
 * Choose the quantum so that the usual sizes lie between 1 and 32 quanta.
 *
 * <p><em>Cost:</em> {@link #tryAllocate} and {@link #free} are O(1) up to half a span; a run is looked for first-fit in
 * O(spans). Metadata: 17 bytes for each span, taken once.
 *
 * <p><em>Fragmentation:</em> a size over one quantum is rounded up by less than half of what it then takes. A
 * span that holds few ranges is closed to other classes; at worst each class holds spans with one range in each.
 * {@link #available} counts whole free spans and the free ranges in those that are open.
 *
 * <p><em>Alignment:</em> one above the quantum may take a larger class, one above half a span takes a run.
 *
 * <p><em>Wrong frees:</em> every one is refused that does not name the first unit of an allocated range; its size must be one
 * that fits the range, or the run exactly.
 *
 * <p>Thread rule: loop-owned.
 */
public final class SizeClassAllocator implements Allocator {
    private static final int SPAN_QUANTA = 64;
    private static final int NIL = -1;

    /** What {@link #kinds} holds besides the ranges per span of a class, 2 to 64. */
    private static final byte FREE = 0;

    private static final byte RUN = 1;
    private static final byte INSIDE_RUN = -1;

    private final long quantum;
    private final int quantumShift;
    private final int spanShift;
    private final byte[] kinds;

    /** For an open span, which of its ranges are free, by bit; for the first span of a run, its length in spans. */
    private final long[] details;

    private final int[] next;
    private final int[] previous;

    /** By kind: spans of that class with a free range; at {@link #FREE}, unused spans. */
    private final int[] first = new int[SPAN_QUANTA + 1];

    private long freeQuanta;

    /**
     * A space of which all is free.
     *
     * @param capacity how many units, a multiple of 64 quanta
     * @param quantum how many units the smallest class has, a power of two; at most 2<sup>30</sup> spans of 64 of them
     * @throws IllegalArgumentException if an argument is out of its range
     */
    public SizeClassAllocator(long capacity, long quantum) {
        if (quantum <= 0 || Long.bitCount(quantum) != 1 || quantum > Long.MAX_VALUE / SPAN_QUANTA) {
            throw new IllegalArgumentException(
                    "A quantum of " + quantum + " units is not a power of two, or too large.");
        }
        this.quantum = quantum;
        quantumShift = Long.numberOfTrailingZeros(quantum);
        spanShift = quantumShift + 6;
        long spanSize = 1L << spanShift;
        if (capacity <= 0 || capacity % spanSize != 0 || capacity / spanSize > 1 << 30) {
            throw new IllegalArgumentException("A capacity of " + capacity + " units is not from 1 to " + (1 << 30)
                    + " spans of " + spanSize + " units.");
        }
        int spans = (int) (capacity >> spanShift);
        kinds = new byte[spans];
        details = new long[spans];
        next = new int[spans];
        previous = new int[spans];
        Arrays.fill(first, NIL);
        for (int span = spans - 1; span >= 0; span--) {
            link(span, FREE);
        }
        freeQuanta = (long) spans * SPAN_QUANTA;
    }

    @Override
    public long tryAllocate(long size, long alignment) {
        Ranges.checkRequest(size, alignment);
        if (size > capacity()) {
            return NONE;
        }
        long quanta = ((size - 1) >> quantumShift) + 1;
        long alignmentQuanta = Math.max(1, alignment >> quantumShift);
        if (quanta > SPAN_QUANTA / 2 || alignmentQuanta > SPAN_QUANTA / 2) {
            return allocateRun(((quanta - 1) >> 6) + 1, alignment);
        }
        int perSpan = SPAN_QUANTA / (int) quanta;
        // Half a span is a multiple of each alignment that comes here, so the search ends at 2 ranges per span.
        while (((SPAN_QUANTA / perSpan) & (alignmentQuanta - 1)) != 0) {
            perSpan--;
        }
        return allocateInSpan(perSpan);
    }

    private long allocateInSpan(int perSpan) {
        int stride = SPAN_QUANTA / perSpan;
        int span = first[perSpan];
        if (span == NIL) {
            span = first[FREE];
            if (span == NIL) {
                return NONE;
            }
            unlink(span, FREE);
            kinds[span] = (byte) perSpan;
            details[span] = allFree(perSpan);
            link(span, perSpan);
            freeQuanta -= SPAN_QUANTA - stride * perSpan;
        }
        int slot = Long.numberOfTrailingZeros(details[span]);
        details[span] &= details[span] - 1;
        if (details[span] == 0) {
            unlink(span, perSpan);
        }
        freeQuanta -= stride;
        return ((long) span << spanShift) + (((long) slot * stride) << quantumShift);
    }

    private long allocateRun(long spans, long alignment) {
        long step = Math.max(1, alignment >> spanShift);
        long start = 0;
        while (start + spans <= kinds.length) {
            int end = (int) (start + spans);
            int span = (int) start;
            while (span < end && kinds[span] == FREE) {
                span++;
            }
            if (span == end) {
                return takeRun((int) start, (int) spans);
            }
            start = (span + step) & -step;
        }
        return NONE;
    }

    private long takeRun(int start, int spans) {
        for (int span = start; span < start + spans; span++) {
            unlink(span, FREE);
            kinds[span] = INSIDE_RUN;
        }
        kinds[start] = RUN;
        details[start] = spans;
        freeQuanta -= (long) spans * SPAN_QUANTA;
        return (long) start << spanShift;
    }

    @Override
    public void free(long offset, long size) {
        if (offset < 0 || size <= 0 || offset >= capacity() || (offset & (quantum - 1)) != 0) {
            throw Ranges.notAllocated(offset, size);
        }
        int span = (int) (offset >> spanShift);
        int kind = kinds[span];
        if (kind == RUN) {
            freeRun(span, offset, size);
        } else if (kind > RUN) {
            freeInSpan(span, kind, offset, size);
        } else {
            throw Ranges.notAllocated(offset, size);
        }
    }

    private void freeRun(int start, long offset, long size) {
        int spans = (int) details[start];
        if (offset != (long) start << spanShift || ((size - 1) >> spanShift) + 1 != spans) {
            throw Ranges.notAllocated(offset, size);
        }
        for (int span = start + spans - 1; span >= start; span--) {
            kinds[span] = FREE;
            link(span, FREE);
        }
        freeQuanta += (long) spans * SPAN_QUANTA;
    }

    private void freeInSpan(int span, int perSpan, long offset, long size) {
        int stride = SPAN_QUANTA / perSpan;
        int inSpan = (int) (offset >> quantumShift) & (SPAN_QUANTA - 1);
        int slot = inSpan / stride;
        long bit = 1L << slot;
        if (slot * stride != inSpan
                || slot >= perSpan
                || (details[span] & bit) != 0
                || (size - 1) >> quantumShift >= stride) {
            throw Ranges.notAllocated(offset, size);
        }
        if (details[span] == 0) {
            link(span, perSpan);
        }
        details[span] |= bit;
        freeQuanta += stride;
        if (details[span] == allFree(perSpan)) {
            unlink(span, perSpan);
            kinds[span] = FREE;
            link(span, FREE);
            freeQuanta += SPAN_QUANTA - stride * perSpan;
        }
    }

    @Override
    public long available() {
        return freeQuanta << quantumShift;
    }

    @Override
    public long capacity() {
        return (long) kinds.length << spanShift;
    }

    private static long allFree(int perSpan) {
        return -1L >>> (SPAN_QUANTA - perSpan);
    }

    private void link(int span, int list) {
        int head = first[list];
        next[span] = head;
        previous[span] = NIL;
        if (head != NIL) {
            previous[head] = span;
        }
        first[list] = span;
    }

    private void unlink(int span, int list) {
        int before = previous[span];
        int after = next[span];
        if (before != NIL) {
            next[before] = after;
        } else {
            first[list] = after;
        }
        if (after != NIL) {
            previous[after] = before;
        }
    }
}
