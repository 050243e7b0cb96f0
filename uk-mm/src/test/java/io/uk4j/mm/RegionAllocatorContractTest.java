package io.uk4j.mm;

import io.uk4j.core.Allocator;
import io.uk4j.testkit.AllocatorContract;

class RegionAllocatorContractTest extends AllocatorContract {
    @Override
    protected Allocator create() {
        return new RegionAllocator(4_000);
    }

    @Override
    protected boolean refusesWrongFrees() {
        return false;
    }
}
