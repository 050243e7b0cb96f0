package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Allocator;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Allocator} does. */
public abstract class AllocatorContract {
    /** Creates the suite. */
    protected AllocatorContract() {}

    /** Makes an empty allocator with a capacity of at least 1,024 units. */
    protected abstract Allocator create();

    /**
     * How many units an allocated range takes from {@link Allocator#available}: its size, unless the allocator rounds up.
     *
     * @param size what is asked for
     * @param alignment its alignment
     * @return the units, or -1 if that cannot be told from the arguments
     */
    protected long unitsTaken(long size, long alignment) {
        return size;
    }

    /** The largest size that the random walk asks for: a quarter of the capacity, unless the allocator takes less. */
    protected long largestSize() {
        return create().capacity() / 4;
    }

    /** Whether the allocator can tell a range that is not allocated, and refuses to free it. */
    protected boolean refusesWrongFrees() {
        return true;
    }

    private record Range(long offset, long size, long alignment) {}

    private static long take(Allocator allocator, long size, long alignment) {
        long offset = allocator.tryAllocate(size, alignment);
        assertNotEquals(Allocator.NONE, offset, "no room for " + size + " units aligned to " + alignment);
        return offset;
    }

    @Test
    void startsWithEverythingFree() {
        Allocator allocator = create();

        assertTrue(allocator.capacity() >= 1024, "capacity " + allocator.capacity());
        assertEquals(allocator.capacity(), allocator.available());
    }

    @Test
    void rangesLieInsideAndAreAligned() {
        for (long alignment = 1; alignment <= 64; alignment *= 2) {
            Allocator allocator = create();
            take(allocator, 1, 1);
            long offset = take(allocator, 24, alignment);

            assertEquals(0, offset % alignment);
            assertTrue(offset >= 0 && offset + 24 <= allocator.capacity(), "offset " + offset);
        }
    }

    @Test
    void availableFallsByWhatIsTakenAndRisesByWhatIsFreed() {
        Allocator allocator = create();
        for (long size : new long[] {1, 8, 24, 33, 64}) {
            long before = allocator.available();
            long offset = take(allocator, size, 1);
            long taken = unitsTaken(size, 1);
            if (taken >= 0) {
                assertEquals(before - taken, allocator.available());
            }
            assertTrue(before - allocator.available() >= size);
            allocator.free(offset, size);
            assertEquals(before, allocator.available());
        }
    }

    @Test
    void runsOutAndRecovers() {
        Allocator allocator = create();
        for (int round = 0; round < 3; round++) {
            List<Long> offsets = new ArrayList<>();
            long offset = allocator.tryAllocate(32, 1);
            while (offset != Allocator.NONE) {
                offsets.add(offset);
                assertTrue(offsets.size() <= allocator.capacity() / 32, "more ranges than fit");
                offset = allocator.tryAllocate(32, 1);
            }
            assertTrue(!offsets.isEmpty());
            long left = allocator.available();
            assertEquals(Allocator.NONE, allocator.tryAllocate(32, 1));
            assertEquals(left, allocator.available(), "a refusal takes nothing");

            for (int i = offsets.size() - 1; i >= 0; i--) {
                allocator.free(offsets.get(i), 32);
            }
            assertEquals(allocator.capacity(), allocator.available());
        }
    }

    @Test
    void moreThanThereIsGivesNone() {
        Allocator allocator = create();

        assertEquals(Allocator.NONE, allocator.tryAllocate(allocator.capacity() + 1, 1));
        assertEquals(Allocator.NONE, allocator.tryAllocate(Long.MAX_VALUE, 1));
        assertEquals(allocator.capacity(), allocator.available());
    }

    @Test
    void refusesArgumentsOutOfRange() {
        Allocator allocator = create();

        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(0, 1));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, 0));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, 3));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, -2));
        assertEquals(allocator.capacity(), allocator.available());
    }

    @Test
    void refusesToFreeTwice() {
        if (!refusesWrongFrees()) {
            return;
        }
        Allocator allocator = create();
        long offset = take(allocator, 32, 1);
        long other = take(allocator, 32, 1);
        allocator.free(offset, 32);

        assertThrows(IllegalArgumentException.class, () -> allocator.free(offset, 32));
        allocator.free(other, 32);
        assertEquals(allocator.capacity(), allocator.available());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aRandomWalkNeverOverlapsNorLeaks(long seed) {
        Allocator allocator = create();
        long largest = largestSize();
        SplittableRandom random = new SplittableRandom(seed);
        TreeMap<Long, Range> live = new TreeMap<>();
        List<Range> ranges = new ArrayList<>();
        long units = 0;
        for (int step = 0; step < 20_000; step++) {
            String where = "seed " + seed + ", step " + step;
            // Long phases of growth and of shrinking, so that both ends are reached.
            boolean grow = random.nextInt(100) < (step / 1_000 % 2 == 0 ? 70 : 30);
            if (grow) {
                long size = random.nextInt(4) == 0 ? random.nextLong(1, largest + 1) : random.nextLong(1, 33);
                long alignment = 1L << random.nextInt(5);
                long offset = allocator.tryAllocate(size, alignment);
                if (offset == Allocator.NONE) {
                    continue;
                }
                assertEquals(0, offset % alignment, where);
                assertTrue(offset >= 0 && offset + size <= allocator.capacity(), where);
                var below = live.floorEntry(offset);
                assertTrue(below == null || below.getKey() + below.getValue().size() <= offset, where + ": overlap");
                var above = live.ceilingKey(offset);
                assertTrue(above == null || offset + size <= above, where + ": overlap");
                Range range = new Range(offset, size, alignment);
                live.put(offset, range);
                ranges.add(range);
                units += size;
            } else if (!ranges.isEmpty()) {
                int at = random.nextInt(ranges.size());
                Range range = ranges.set(at, ranges.getLast());
                ranges.removeLast();
                live.remove(range.offset());
                units -= range.size();
                allocator.free(range.offset(), range.size());
            }
            assertTrue(allocator.available() <= allocator.capacity() - units, where + ": more available than is free");
        }
        for (Range range : ranges) {
            allocator.free(range.offset(), range.size());
        }
        assertEquals(allocator.capacity(), allocator.available(), "seed " + seed + ": not all came back");
        take(allocator, largest, 1);
    }
}
