package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.Waiter;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.kvm.KvmPlatform;
import io.uk4j.platform.kvm.VirtioNetProvider;
import io.uk4j.testkit.NetDeviceContract;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The contract of network devices on those of the machine, for the inside of a sealed image. The machine has two, on a hub of their own with nobody
 * else: the first one is under test, and the second one is the far end. A hub offers no offloads, so one that is
 * not announced can be tried. One case does not apply, and SealedImageIT leaves it out: that of a full queue, since a hub drops what
 * its other side has no room for.
 */
class GuestNetContract extends NetDeviceContract {
    @Override
    protected Fixture open() {
        return new Hub();
    }

    private static final class Hub implements Fixture {
        private static final long LIMIT_NS = 5_000_000_000L;

        private final KvmPlatform platform = KvmPlatform.create();
        private final PacketPool pool = newPool();
        private final PacketPool farPool = newPool();
        private final NetDevice device = openDevice(pool, "0");
        private final NetDevice far = openDevice(farPool, "1");
        private final Waiter waiter = platform.newWaiter();
        private final FrameBatch out = new FrameBatch(1, 64);
        private final FrameBatch in = new FrameBatch(1, 64);

        Hub() {
            assertEquals(0, device.info().offloads(), "a hub offers offloads");
        }

        private PacketPool newPool() {
            return PacketPool.builder(platform.pages())
                    .sizeClass(2048, 1024)
                    .sizeClass(16_384, 16)
                    .build();
        }

        private NetDevice openDevice(PacketPool itsPool, String number) {
            DeviceContext context = new DeviceContext(
                    platform,
                    Configs.builder()
                            .discoverKeys(GuestNetContract.class.getClassLoader())
                            .build(),
                    new MetricRegistry(),
                    itsPool);
            return new VirtioNetProvider().open(context, number);
        }

        @Override
        public NetDevice device() {
            return device;
        }

        @Override
        public BufferPool pool() {
            return pool;
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
        public void peerSend(byte[] frame) {
            ByteBuf buffer = Objects.requireNonNull(farPool.tryAcquire(frame.length));
            out.append(buffer.writeBytes(frame), buffer.readerIndex(), frame.length);
            out.endFrame();
            long limitNs = platform.clock().nowNs() + LIMIT_NS;
            while (far.offer(out) == 0) {
                if (platform.clock().nowNs() - limitNs >= 0) {
                    out.clear();
                    fail("The far end had no room for a frame.");
                }
            }
            far.flush();
        }

        @Override
        public byte @Nullable [] peerReceive() {
            if (far.poll(in) == 0) {
                return null;
            }
            byte[] frame = new byte[in.frameBytes(0)];
            int at = 0;
            for (int i = 0; i < in.fragments(0); i++) {
                in.buffer(0, i).getBytes(in.offset(0, i), frame, at, in.length(0, i));
                at += in.length(0, i);
            }
            in.clear();
            // The suite would pass over frames of others, but here is nobody who could send any.
            assertEquals(0x88b5, (frame[12] & 0xff) << 8 | (frame[13] & 0xff), "a frame of somebody else");
            return frame;
        }

        @Override
        public void close() {
            far.close();
            waiter.close();
            pool.close();
            farPool.close();
            platform.close();
        }
    }
}
