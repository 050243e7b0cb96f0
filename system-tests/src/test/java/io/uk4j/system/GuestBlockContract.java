package io.uk4j.system;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.kvm.KvmPlatform;
import io.uk4j.platform.kvm.VirtioBlockProvider;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.virtio.driver.VirtioKeys;
import java.util.Objects;

/** The contract of block devices on those of the machine, for the inside of a sealed image: the second one is read-only. */
class GuestBlockContract extends BlockDeviceContract {
    @Override
    protected Fixture open() {
        KvmPlatform platform = KvmPlatform.create();
        PacketPool pool = PacketPool.builder(platform.pages())
                .sizeClass(4096, 1024)
                .sizeClass(65_536, 64)
                .build();
        DeviceContext context = new DeviceContext(
                platform, Configs.builder().keys(new VirtioKeys().keys()).build(), new MetricRegistry(), pool);
        BlockDevice writable = new VirtioBlockProvider().open(context, "0");
        BlockDevice readOnly = new VirtioBlockProvider()
                .open(new DeviceContext(platform, context.config(), new MetricRegistry(), pool), "1");
        Waiter waiter = platform.newWaiter();
        return new Fixture() {
            @Override
            public BlockDevice device() {
                return writable;
            }

            @Override
            public BlockDevice readOnlyDevice() {
                return readOnly;
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
            public ByteBuf buffer(int bytes) {
                return Objects.requireNonNull(pool.tryAcquire(bytes));
            }

            @Override
            public void close() {
                writable.close();
                readOnly.close();
                waiter.close();
                pool.close();
                platform.close();
            }
        };
    }
}
