package io.uk4j.testkit;

import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The disk that records is a disk, in whatever order it does things. */
class RecordingDiskContractTest extends BlockDeviceContract {
    @Override
    protected Fixture open() {
        SimPlatform platform = new SimPlatform(new Simulation(1), "host");
        RecordingDisk disk = new PowerLine().disk(512, new byte[512 * 128], new SplittableRandom(3));
        Waiter waiter = platform.newWaiter();
        return new Fixture() {
            @Override
            public BlockDevice device() {
                return disk;
            }

            @Override
            public @Nullable BlockDevice readOnlyDevice() {
                return null;
            }

            @Override
            public Waiter waiter() {
                return waiter;
            }

            @Override
            public Clock clock() {
                return platform.clock();
            }

            @Override
            public void close() {
                waiter.close();
                platform.close();
            }
        };
    }
}
