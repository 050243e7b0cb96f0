package io.uk4j.mm;

import io.uk4j.core.Allocator;
import io.uk4j.testkit.AllocatorContract;

class BuddyAllocatorContractTest extends AllocatorContract {
    @Override
    protected Allocator create() {
        return new BuddyAllocator(4_096, 8);
    }

    @Override
    protected long unitsTaken(long size, long alignment) {
        return Math.max(8, Long.highestOneBit(2 * size - 1));
    }
}
