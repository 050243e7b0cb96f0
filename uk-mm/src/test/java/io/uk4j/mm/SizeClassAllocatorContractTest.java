package io.uk4j.mm;

import io.uk4j.core.Allocator;
import io.uk4j.testkit.AllocatorContract;

class SizeClassAllocatorContractTest extends AllocatorContract {
    @Override
    protected Allocator create() {
        return new SizeClassAllocator(64 * 128, 1);
    }

    @Override
    protected long unitsTaken(long size, long alignment) {
        return -1;
    }
}
