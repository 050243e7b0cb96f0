package io.uk4j.blk;

import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.testkit.BlockDeviceContract;
import org.jspecify.annotations.Nullable;

/** A device under the contract, on a test bed. */
final class LayerFixture implements BlockDeviceContract.Fixture {
    private final TestBed bed;
    private final BlockDevice device;
    private final @Nullable BlockDevice readOnly;
    private final Waiter waiter;

    LayerFixture(TestBed bed, BlockDevice device, @Nullable BlockDevice readOnly) {
        this.bed = bed;
        this.device = device;
        this.readOnly = readOnly;
        waiter = bed.platform.newWaiter();
    }

    @Override
    public BlockDevice device() {
        return device;
    }

    @Override
    public @Nullable BlockDevice readOnlyDevice() {
        return readOnly;
    }

    @Override
    public Waiter waiter() {
        return waiter;
    }

    @Override
    public Clock clock() {
        return bed.platform.clock();
    }

    @Override
    public void close() {
        if (readOnly != null) {
            readOnly.close();
        }
        waiter.close();
        bed.close();
    }
}
