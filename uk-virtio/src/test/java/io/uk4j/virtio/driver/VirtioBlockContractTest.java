package io.uk4j.virtio.driver;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.virtio.Features;
import java.util.Objects;
import org.junit.jupiter.api.Nested;

/** The block driver over a model of a device, with the limits and features that change how it works. */
class VirtioBlockContractTest {
    /** The contract with one kind of device. */
    abstract static class Base extends BlockDeviceContract {
        private final long features;
        private final boolean poolBuffers;
        private final String[] settings;

        Base(long features, boolean poolBuffers, String... settings) {
            this.features = features;
            this.poolBuffers = poolBuffers;
            this.settings = settings;
        }

        @Override
        protected Fixture open() {
            ModelDisk disk = new ModelDisk(features, settings);
            return new DiskFixture(
                    disk, new ModelDisk(features | BlockFeatures.RO, settings), disk.platform.newWaiter(), poolBuffers);
        }
    }

    /** All that there is, with few and short segments. */
    @Nested
    class Everything extends Base {
        Everything() {
            super(ModelDisk.ALL, true);
        }
    }

    /** Nothing that a device need not have. */
    @Nested
    class Nothing extends Base {
        Nothing() {
            super(Features.VERSION_1, true);
        }
    }

    /** Several queues. */
    @Nested
    class SeveralQueues extends Base {
        SeveralQueues() {
            super(ModelDisk.ALL | BlockFeatures.MQ, true, "uk.virtio.queues=3");
        }
    }

    /** Buffers that the device cannot reach. */
    @Nested
    class Copied extends Base {
        Copied() {
            super(ModelDisk.ALL, false);
        }
    }

    /** All that there is, in the packed layout. */
    @Nested
    class Packed extends Base {
        Packed() {
            super(ModelDisk.ALL | Features.RING_PACKED, true);
        }
    }

    /** The packed layout without anything else. */
    @Nested
    class PackedOnly extends Base {
        PackedOnly() {
            super(Features.VERSION_1 | Features.RING_PACKED, true);
        }
    }

    private record DiskFixture(ModelDisk disk, ModelDisk readOnly, Waiter waiter, boolean poolBuffers)
            implements BlockDeviceContract.Fixture {
        @Override
        public BlockDevice device() {
            return disk.device;
        }

        @Override
        public BlockDevice readOnlyDevice() {
            return readOnly.device;
        }

        @Override
        public Clock clock() {
            return disk.platform.clock();
        }

        @Override
        public ByteBuf buffer(int bytes) {
            return poolBuffers
                    ? Objects.requireNonNull(disk.pool.tryAcquire(bytes))
                    : BlockDeviceContract.Fixture.super.buffer(bytes);
        }

        @Override
        public void close() {
            waiter.close();
            disk.close();
            readOnly.close();
        }
    }
}
