package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.Allocator;
import org.junit.jupiter.api.Test;

class BuddyAllocatorTest {
    @Test
    void roundsUpToAPowerOfTwo() {
        BuddyAllocator buddy = new BuddyAllocator(64, 4);
        assertEquals(0, buddy.tryAllocate(17, 1));
        assertEquals(32, buddy.available());
        assertEquals(32, buddy.tryAllocate(1, 1));
        assertEquals(28, buddy.available());
    }

    @Test
    void buddiesBecomeOneAgainAndOnlyBuddies() {
        BuddyAllocator buddy = new BuddyAllocator(4, 1);
        for (int i = 0; i < 4; i++) {
            assertEquals(i, buddy.tryAllocate(1, 1));
        }
        buddy.free(1, 1);
        buddy.free(2, 1);
        assertEquals(Allocator.NONE, buddy.tryAllocate(2, 1), "neighbours, but no buddies");
        buddy.free(0, 1);
        assertEquals(0, buddy.tryAllocate(2, 1));
        buddy.free(3, 1);
        buddy.free(0, 2);
        assertEquals(0, buddy.tryAllocate(4, 1));
    }

    @Test
    void aStronglyAlignedRangeTakesNoMoreThanItsSize() {
        BuddyAllocator buddy = new BuddyAllocator(64, 1);
        buddy.tryAllocate(1, 1);
        assertEquals(32, buddy.tryAllocate(2, 32));
        assertEquals(61, buddy.available());
    }

    @Test
    void servesAllOfACapacityThatIsNoPowerOfTwo() {
        BuddyAllocator buddy = new BuddyAllocator(13, 1);
        assertEquals(8, buddy.tryAllocate(4, 1));
        assertEquals(0, buddy.tryAllocate(8, 8));
        assertEquals(12, buddy.tryAllocate(1, 1));
        assertEquals(0, buddy.available());
    }

    @Test
    void refusesToFreeTwiceInTheMiddleOrAsAnotherSize() {
        BuddyAllocator buddy = new BuddyAllocator(64, 1);
        buddy.tryAllocate(16, 1);
        assertThrows(IllegalArgumentException.class, () -> buddy.free(8, 8));
        assertThrows(IllegalArgumentException.class, () -> buddy.free(0, 8));
        assertThrows(IllegalArgumentException.class, () -> buddy.free(0, 17));
        assertThrows(IllegalArgumentException.class, () -> buddy.free(16, 16));
        buddy.free(0, 16);
        assertThrows(IllegalArgumentException.class, () -> buddy.free(0, 16));
        assertEquals(64, buddy.available());
    }

    @Test
    void refusesShapesThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> new BuddyAllocator(64, 3));
        assertThrows(IllegalArgumentException.class, () -> new BuddyAllocator(63, 2));
        assertThrows(IllegalArgumentException.class, () -> new BuddyAllocator(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new BuddyAllocator(1L << 40, 1));
    }
}
