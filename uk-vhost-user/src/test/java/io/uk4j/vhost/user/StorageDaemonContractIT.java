package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The block driver over vhost-user against qemu-storage-daemon, with each kind of buffer and set of features that matters. */
class StorageDaemonContractIT {
    private static final int SIZE_BYTES = 128 * 512;

    /** A device of one daemon, and a read-only one of another. */
    abstract static class Base extends BlockDeviceContract {
        @TempDir
        private Path folder;

        private final boolean poolBuffers;
        private final String[] settings;

        Base(boolean poolBuffers, String... settings) {
            this.poolBuffers = poolBuffers;
            this.settings = settings;
        }

        @Override
        protected Fixture open() throws IOException {
            Requirements.commands("qemu-storage-daemon");
            Path writable = Files.createDirectories(folder.resolve("w"));
            Path readable = Files.createDirectories(folder.resolve("r"));
            Files.write(writable.resolve("disk.img"), new byte[SIZE_BYTES]);
            Files.write(readable.resolve("disk.img"), new byte[SIZE_BYTES]);
            return new DaemonFixture(writable, readable, poolBuffers, settings);
        }
    }

    /** Buffers of the pool, in place. */
    @Nested
    class InPlace extends Base {
        InPlace() {
            super(true);
        }
    }

    /** Buffers that the daemon cannot reach, copied. */
    @Nested
    class Copied extends Base {
        Copied() {
            super(false);
        }
    }

    /** Several queues. */
    @Nested
    class SeveralQueues extends Base {
        SeveralQueues() {
            super(true, "uk.virtio.queues=4");
        }
    }

    /** Chains in the descriptor table, flags instead of indices, and no requests for ranges. */
    @Nested
    class Plain extends Base {
        Plain() {
            super(
                    true,
                    "uk.virtio.without=indirect_desc,event_idx,discard,write_zeroes,flush",
                    "uk.virtio.queue.size=16");
        }
    }

    private static final class DaemonFixture implements BlockDeviceContract.Fixture {
        private final StorageDaemon writableDaemon;
        private final StorageDaemon readableDaemon;
        private final UnixPlatform platform = UnixPlatform.create();
        private final PacketPool pool = PacketPool.builder(platform.pages())
                .sizeClass(4096, 1024)
                .sizeClass(65_536, 64)
                .trackLeaks(true)
                .build();
        private final BlockDevice device;
        private final BlockDevice readOnly;
        private final Waiter waiter = platform.newWaiter();
        private final boolean poolBuffers;

        DaemonFixture(Path writable, Path readable, boolean poolBuffers, String... settings) {
            this.poolBuffers = poolBuffers;
            writableDaemon = new StorageDaemon(writable, "on,num-queues=4");
            readableDaemon = new StorageDaemon(readable, "off,num-queues=4");
            device = open(writableDaemon, settings);
            readOnly = open(readableDaemon, settings);
        }

        private BlockDevice open(StorageDaemon daemon, String... settings) {
            BlockDevice opened = new VhostUserBlockProvider()
                    .open(Contexts.context(platform, new MetricRegistry(), pool, settings), daemon.socket());
            boolean several = List.of(settings).contains("uk.virtio.queues=4");
            assertEquals(several, opened.describe().contains(", 4 of split queues"), opened.describe());
            return opened;
        }

        @Override
        public BlockDevice device() {
            return device;
        }

        @Override
        public BlockDevice readOnlyDevice() {
            return readOnly;
        }

        @Override
        public ByteBuf buffer(int bytes) {
            return poolBuffers
                    ? Objects.requireNonNull(pool.tryAcquire(bytes))
                    : BlockDeviceContract.Fixture.super.buffer(bytes);
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
            device.close();
            readOnly.close();
            waiter.close();
            pool.close();
            platform.close();
            writableDaemon.close();
            readableDaemon.close();
        }
    }
}
