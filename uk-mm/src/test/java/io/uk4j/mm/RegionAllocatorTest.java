package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.Allocator;
import org.junit.jupiter.api.Test;

class RegionAllocatorTest {
    private final RegionAllocator region = new RegionAllocator(100);

    @Test
    void laysRangesOneBehindTheOther() {
        assertEquals(0, region.tryAllocate(3, 1));
        assertEquals(8, region.tryAllocate(2, 8));
        assertEquals(10, region.tryAllocate(90, 1));
        assertEquals(Allocator.NONE, region.tryAllocate(1, 1));
        assertEquals(3 + 2, region.capacity() - region.available() - 90);
    }

    @Test
    void reusesAtOnceWhatIsFreedLikeAStack() {
        region.tryAllocate(40, 1);
        long top = region.tryAllocate(60, 1);
        region.free(top, 60);
        assertEquals(top, region.tryAllocate(60, 1));
    }

    @Test
    void holdsBackWhatIsFreedInTheMiddleUntilAllIsGone() {
        long first = region.tryAllocate(50, 1);
        long second = region.tryAllocate(50, 1);
        region.free(first, 50);
        assertEquals(50, region.available());
        assertEquals(Allocator.NONE, region.tryAllocate(50, 1));
        region.free(second, 50);
        assertEquals(0, region.tryAllocate(100, 1));
    }

    @Test
    void aResetFreesEverything() {
        region.tryAllocate(30, 1);
        region.tryAllocate(30, 1);
        region.reset();
        assertEquals(0, region.tryAllocate(100, 1));
    }

    @Test
    void refusesASpaceOfNothing() {
        assertThrows(IllegalArgumentException.class, () -> new RegionAllocator(0));
    }
}
