package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.Allocator;
import org.junit.jupiter.api.Test;

class SizeClassAllocatorTest {
    @Test
    void everyClassFillsASpanAsFullAsItCan() {
        for (int size = 1; size <= 32; size++) {
            SizeClassAllocator allocator = new SizeClassAllocator(64, 1);
            int ranges = 0;
            while (allocator.tryAllocate(size, 1) != Allocator.NONE) {
                ranges++;
            }
            assertEquals(64 / size, ranges, "ranges of " + size);
            assertEquals(0, allocator.available());
        }
    }

    @Test
    void aSpanChangesItsClassOnceItIsEmpty() {
        SizeClassAllocator allocator = new SizeClassAllocator(64, 1);
        long first = allocator.tryAllocate(8, 1);
        long second = allocator.tryAllocate(8, 1);
        assertEquals(Allocator.NONE, allocator.tryAllocate(5, 1));
        allocator.free(first, 8);
        assertEquals(Allocator.NONE, allocator.tryAllocate(5, 1));
        allocator.free(second, 8);
        assertNotEquals(Allocator.NONE, allocator.tryAllocate(5, 1));
    }

    @Test
    void largeRangesAreRunsOfWholeSpans() {
        SizeClassAllocator allocator = new SizeClassAllocator(64 * 4, 1);
        assertEquals(0, allocator.tryAllocate(65, 1));
        assertEquals(128, allocator.tryAllocate(33, 128));
        assertEquals(192, allocator.tryAllocate(1, 1));
        assertEquals(63, allocator.available());
        allocator.free(0, 65);
        assertEquals(Allocator.NONE, allocator.tryAllocate(129, 1));
        allocator.free(128, 33);
        assertEquals(0, allocator.tryAllocate(192, 1));
    }

    @Test
    void alignmentTakesAClassWhoseEveryRangeIsAligned() {
        SizeClassAllocator allocator = new SizeClassAllocator(64 * 16 * 2, 16);
        for (int i = 0; i < 4; i++) {
            assertEquals(i * 256L, allocator.tryAllocate(20 * 10, 256), "ten quanta, a multiple of sixteen");
        }
        assertEquals(1024, allocator.tryAllocate(1, 1024));
        assertEquals(0, allocator.available());
    }

    @Test
    void refusesToFreeTwiceInTheMiddleOrAsAnotherSize() {
        SizeClassAllocator allocator = new SizeClassAllocator(64 * 4, 1);
        long small = allocator.tryAllocate(10, 1);
        long neighbour = allocator.tryAllocate(10, 1);
        long run = allocator.tryAllocate(100, 1);
        long available = allocator.available();
        assertThrows(IllegalArgumentException.class, () -> allocator.free(small + 1, 9));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(small, 11));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(neighbour + 10, 10));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(60, 10), "the end of a span holds no range");
        assertThrows(IllegalArgumentException.class, () -> allocator.free(run + 64, 10));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(run, 64));
        allocator.free(small, 10);
        assertThrows(IllegalArgumentException.class, () -> allocator.free(small, 10));
        assertEquals(available + 10, allocator.available());
    }

    @Test
    void refusesShapesThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> new SizeClassAllocator(64, 3));
        assertThrows(IllegalArgumentException.class, () -> new SizeClassAllocator(100, 1));
        assertThrows(IllegalArgumentException.class, () -> new SizeClassAllocator(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new SizeClassAllocator(1L << 62, 1L << 61));
    }
}
