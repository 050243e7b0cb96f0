package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Allocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for every allocator, whatever is asked of it and in which order; the seed of a failing run is in its message. */
class AllocatorPropertyTest {
    private static final int RUNS = 60;
    private static final int STEPS = 400;

    enum Kind {
        REGION,
        BUDDY,
        BUDDY_NO_POWER_OF_TWO,
        SIZE_CLASS,
        SIZE_CLASS_OF_SIXTEENS;

        Allocator create() {
            return switch (this) {
                case REGION -> new RegionAllocator(5_000);
                case BUDDY -> new BuddyAllocator(4_096, 1);
                case BUDDY_NO_POWER_OF_TWO -> new BuddyAllocator(8 * 727, 8);
                case SIZE_CLASS -> new SizeClassAllocator(64 * 80, 1);
                case SIZE_CLASS_OF_SIXTEENS -> new SizeClassAllocator(64 * 16 * 9, 16);
            };
        }
    }

    /** What must be true, kept beside the allocator: which ranges are out. */
    private static final class Model {
        final Allocator allocator;
        final TreeMap<Long, Long> sizes = new TreeMap<>();
        final List<Long> offsets = new ArrayList<>();
        long allocated;
        boolean refused;

        Model(Allocator allocator) {
            this.allocator = allocator;
        }

        void allocate(long size, long alignment) {
            long availableBefore = allocator.available();
            long offset = allocator.tryAllocate(size, alignment);
            if (offset == Allocator.NONE) {
                refused = true;
                assertEquals(availableBefore, allocator.available(), "a refusal takes nothing");
                return;
            }
            assertEquals(0, offset % alignment, "alignment");
            assertTrue(offset >= 0 && size <= allocator.capacity() - offset, "inside of the space");
            Map.Entry<Long, Long> below = sizes.lowerEntry(offset + size);
            assertTrue(below == null || below.getKey() + below.getValue() <= offset, "no overlap");
            sizes.put(offset, size);
            offsets.add(offset);
            allocated += size;
            assertTrue(allocator.available() <= allocator.capacity() - allocated, "what is out is not available");
        }

        void free(int index) {
            Long offset = offsets.get(index);
            offsets.set(index, offsets.getLast());
            offsets.removeLast();
            Long size = sizes.remove(offset);
            allocated -= size;
            long availableBefore = allocator.available();
            allocator.free(offset, size);
            assertTrue(allocator.available() >= availableBefore + size, "what is freed is available");
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void rangesNeverOverlapNorLeakAndAllComesBack(Kind kind) {
        boolean refused = false;
        for (long seed = 1; seed <= RUNS; seed++) {
            try {
                refused |= run(kind, seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(kind + " fails with seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertTrue(refused, "the runs have to come to exhaustion");
    }

    private static boolean run(Kind kind, long seed) {
        Random random = new Random(seed);
        Model model = new Model(kind.create());
        long largest = 1L << random.nextInt(4, 12);
        int frees = random.nextInt(1, 8);
        for (int step = 0; step < STEPS; step++) {
            if (!model.offsets.isEmpty() && random.nextInt(10) < frees) {
                model.free(random.nextInt(model.offsets.size()));
            } else {
                model.allocate(random.nextLong(1, largest + 1), 1L << Math.max(0, random.nextInt(-6, 9)));
            }
        }
        while (!model.offsets.isEmpty()) {
            model.free(random.nextInt(model.offsets.size()));
        }
        assertAllIsFree(model.allocator);
        return model.refused;
    }

    /** All is free if the largest power of two that fits can be had, and the space can be filled up with the rest. */
    private static void assertAllIsFree(Allocator allocator) {
        assertEquals(allocator.capacity(), allocator.available());
        List<long[]> ranges = new ArrayList<>();
        for (long size = Long.highestOneBit(allocator.capacity()); size > 0; size >>= 1) {
            if ((allocator.capacity() & size) != 0) {
                long offset = allocator.tryAllocate(size, 1);
                assertNotEquals(Allocator.NONE, offset, "free ranges merge");
                ranges.add(new long[] {offset, size});
            }
        }
        assertEquals(0, allocator.available());
        assertEquals(Allocator.NONE, allocator.tryAllocate(1, 1));
        ranges.forEach(range -> allocator.free(range[0], range[1]));
        assertEquals(allocator.capacity(), allocator.available());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void recoversFromExhaustionBySingleUnits(Kind kind) {
        Allocator allocator = kind.create();
        for (int round = 0; round < 2; round++) {
            Model model = new Model(allocator);
            while (!model.refused) {
                model.allocate(1, 1);
            }
            while (!model.offsets.isEmpty()) {
                model.free(model.offsets.size() - 1);
            }
            assertAllIsFree(allocator);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void saysNoneToWhatNeverFits(Kind kind) {
        Allocator allocator = kind.create();
        assertEquals(Allocator.NONE, allocator.tryAllocate(allocator.capacity() + 1, 1));
        assertEquals(Allocator.NONE, allocator.tryAllocate(Long.MAX_VALUE, 1L << 62));
        assertEquals(allocator.capacity(), allocator.available());
        assertEquals(0, allocator.tryAllocate(1, 1L << 62), "0 is a multiple of everything");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void refusesArgumentsOutOfRange(Kind kind) {
        Allocator allocator = kind.create();
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(0, 1));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, 0));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, 3));
        assertThrows(IllegalArgumentException.class, () -> allocator.tryAllocate(1, Long.MIN_VALUE));
        assertEquals(allocator.capacity(), allocator.available());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void refusesFreesThatCannotBe(Kind kind) {
        Allocator allocator = kind.create();
        long offset = allocator.tryAllocate(16, 1);
        long available = allocator.available();
        assertThrows(IllegalArgumentException.class, () -> allocator.free(-1, 16));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(offset, 0));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(offset, allocator.capacity()));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(allocator.capacity(), 16));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(Long.MAX_VALUE, Long.MAX_VALUE));
        assertEquals(available, allocator.available());
        allocator.free(offset, 16);
        assertThrows(IllegalArgumentException.class, () -> allocator.free(offset, 16));
        assertEquals(allocator.capacity(), allocator.available());
    }
}
