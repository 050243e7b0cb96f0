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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The block driver in front of a file that is served from here: both sides at once. */
class ServedDiskContractTest {
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
            Files.write(folder.resolve("disk.img"), new byte[128 * 512]);
            Files.write(folder.resolve("ro.img"), new byte[128 * 512]);
            return new ServedFixture(folder, poolBuffers, settings);
        }
    }

    @Nested
    class Packed extends Base {
        Packed() {
            super(true);
        }
    }

    @Nested
    class Split extends Base {
        Split() {
            super(true, "uk.virtio.without=ring_packed");
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
                    false,
                    "uk.virtio.without=ring_packed,indirect_desc,event_idx,discard,write_zeroes,flush",
                    "uk.virtio.queue.size=16");
        }
    }

    private static final class ServedFixture implements BlockDeviceContract.Fixture {
        private final ServedDisk writable;
        private final ServedDisk readable;
        private final UnixPlatform platform = UnixPlatform.create();
        private final PacketPool pool = PacketPool.builder(platform.pages())
                .sizeClass(4096, 1024)
                .sizeClass(65_536, 64)
                .trackLeaks(true)
                .build();
        private final Waiter waiter = platform.newWaiter();
        private final BlockDevice device;
        private final BlockDevice readOnly;
        private final boolean poolBuffers;

        ServedFixture(Path folder, boolean poolBuffers, String... settings) {
            this.poolBuffers = poolBuffers;
            writable = new ServedDisk(folder.resolve("disk.img"), folder.resolve("w.sock"));
            readable = new ServedDisk(folder.resolve("ro.img") + "?ro", folder.resolve("r.sock"), below -> below);
            device = open(folder.resolve("w.sock"), settings);
            readOnly = open(folder.resolve("r.sock"), settings);
        }

        private BlockDevice open(Path socket, String... settings) {
            BlockDevice opened = new VhostUserBlockProvider()
                    .open(Contexts.context(platform, new MetricRegistry(), pool, settings), socket.toString());
            boolean several = List.of(settings).contains("uk.virtio.queues=4");
            assertEquals(several, opened.describe().contains(", 4 of packed queues"), opened.describe());
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
        public Waiter waiter() {
            return waiter;
        }

        @Override
        public Clock clock() {
            return platform.clock();
        }

        @Override
        public ByteBuf buffer(int bytes) {
            return poolBuffers
                    ? Objects.requireNonNull(pool.tryAcquire(bytes))
                    : BlockDeviceContract.Fixture.super.buffer(bytes);
        }

        @Override
        public void close() {
            readOnly.close();
            device.close();
            waiter.close();
            writable.close();
            readable.close();
            pool.close();
            platform.close();
        }
    }
}
