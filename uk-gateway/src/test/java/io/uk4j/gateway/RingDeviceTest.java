package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.SignalSource;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.testkit.NetDeviceContract;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The contract, for one of two devices at a pair of rings; the other one stands for the peer. */
class RingDeviceTest extends NetDeviceContract {
    @Override
    protected Fixture open() {
        return new Pair();
    }

    /** Full after some thousand frames. */
    private static final int RING_BYTES = 1 << 18;

    private static final class Pair implements Fixture {
        private final HostPlatform platform = new HostPlatform();
        private final PacketPool pool = newPool();
        private final PacketPool peerPool = newPool();
        private final Waiter waiter = platform.newWaiter();
        private final RingDevice device;
        private final RingDevice peer;
        private final FrameBatch toDevice = new FrameBatch();
        private final FrameBatch taken = new FrameBatch(1, 64);
        private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();

        Pair() {
            SignalSource near = new SignalSource();
            SignalSource far = new SignalSource();
            FrameRing in = new FrameRing(RING_BYTES, near, far);
            FrameRing out = new FrameRing(RING_BYTES, far, near);
            device = end("near", near, out, in, pool);
            peer = end("far", far, in, out, peerPool);
        }

        private PacketPool newPool() {
            return PacketPool.builder(platform.pages()).budgetBytes(8 << 20).build();
        }

        private static RingDevice end(String name, SignalSource source, FrameRing out, FrameRing in, PacketPool pool) {
            MacAddress mac = MacAddress.locallyAdministered(name.hashCode());
            return new RingDevice(name, mac, 1500, source, out, in, pool, new MetricRegistry(), () -> {});
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
            ByteBuf buffer = peerPool.tryAcquire(frame.length);
            if (buffer == null) {
                throw new IllegalStateException("The peer's pool is empty.");
            }
            buffer.writeBytes(frame);
            toDevice.append(buffer, buffer.readerIndex(), frame.length);
            toDevice.endFrame();
            peer.offer(toDevice);
            peer.flush();
        }

        @Override
        public byte @Nullable [] peerReceive() {
            peer.poll(taken);
            for (int i = 0; i < taken.frames(); i++) {
                byte[] frame = new byte[taken.frameBytes(i)];
                int at = 0;
                for (int j = 0; j < taken.fragments(i); j++) {
                    taken.buffer(i, j).getBytes(taken.offset(i, j), frame, at, taken.length(i, j));
                    at += taken.length(i, j);
                }
                waiting.add(frame);
            }
            taken.clear();
            return waiting.poll();
        }

        @Override
        public void close() {
            toDevice.clear();
            peer.close();
            device.close();
            waiter.close();
            pool.close();
            peerPool.close();
        }
    }
}
