package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.testkit.NetDeviceContract;
import io.uk4j.testkit.Requirements;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The common suite over two TAP interfaces, joined by a bridge of the kernel in a namespace of its own. */
class TapContractIT extends NetDeviceContract {
    private static final String NAMESPACE = "uk4jbr" + ProcessHandle.current().pid() % 100_000;
    private static final String BRIDGE = "ukbr0";

    @Override
    protected Fixture open() {
        Requirements.tap();
        Host.run("ip netns add " + NAMESPACE);
        Host.run("ip -n " + NAMESPACE + " link add " + BRIDGE + " type bridge mcast_snooping 0");
        Host.run("ip -n " + NAMESPACE + " link set " + BRIDGE + " addrgenmode none up");
        return new TwoTaps();
    }

    private static final class TwoTaps implements Fixture {
        private final UnixPlatform platform =
                UnixPlatform.builder().portable(false).build();
        private final PacketPool pool = Contexts.pool(platform, 512, 64);
        private final PacketPool peerPool = Contexts.pool(platform, 64, 1);
        private final Waiter waiter = platform.newWaiter();
        private final NetDevice device = join("uka", pool);
        private final NetDevice peer = join("ukb", peerPool, "uk.tap.offload=false");
        private final FrameBatch in = new FrameBatch();
        private final FrameBatch out = new FrameBatch();

        private NetDevice join(String prefix, PacketPool into, String... settings) {
            String name = prefix + ProcessHandle.current().pid() % 100_000;
            NetDevice tap =
                    new TapProvider().open(Contexts.context(platform, new MetricRegistry(), into, settings), name);
            Host.run("ip link set " + name + " addrgenmode none netns " + NAMESPACE);
            Host.run("ip -n " + NAMESPACE + " link set " + name + " addrgenmode none master " + BRIDGE + " up");
            return tap;
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
            ByteBuf buffer = Objects.requireNonNull(peerPool.tryAcquire(frame.length));
            buffer.writeBytes(frame);
            out.append(buffer, buffer.readerIndex(), frame.length);
            out.endFrame();
            assertEquals(1, peer.offer(out));
        }

        @Override
        public byte @Nullable [] peerReceive() {
            if (in.isEmpty() && peer.poll(in) == 0) {
                return null;
            }
            byte[] frame = new byte[in.frameBytes(0)];
            in.buffer(0, 0).getBytes(in.offset(0, 0), frame);
            in.releaseFirst(1);
            return frame;
        }

        @Override
        public boolean queueFills() {
            return false;
        }

        @Override
        public void close() {
            device.close();
            in.clear();
            peer.close();
            waiter.close();
            pool.close();
            peerPool.close();
            platform.close();
            Host.run("ip netns del " + NAMESPACE);
        }
    }
}
