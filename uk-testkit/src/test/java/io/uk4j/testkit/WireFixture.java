package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** End a of a wire under test, whatever wraps it; end b is the peer. */
final class WireFixture implements NetDeviceContract.Fixture {
    private final Simulation simulation = new Simulation(1);
    private final SimPlatform platform = new SimPlatform(simulation, "host");
    private final Waiter waiter = platform.newWaiter();
    private final TestPool pool = new TestPool(128, 2048);
    private final TestPool peerPool = new TestPool(2048, 2048);
    private final Wire wire;
    private final NetDevice device;
    private final ArrayDeque<byte[]> atPeer = new ArrayDeque<>();

    WireFixture(long delayNs, UnaryOperator<NetDevice> wrapping) {
        wire = Wire.builder(simulation).queueFrames(200).build(pool, peerPool);
        wire.aToB().delayNs(delayNs);
        wire.bToA().delayNs(delayNs);
        device = wrapping.apply(wire.a());
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
        FrameBatch batch = new FrameBatch();
        batch.append(buffer, buffer.readerIndex(), frame.length);
        batch.endFrame();
        wire.b().offer(batch);
        batch.clear();
    }

    @Override
    public byte @Nullable [] peerReceive() {
        FrameBatch batch = new FrameBatch();
        while (wire.b().poll(batch) > 0) {
            for (int i = 0; i < batch.frames(); i++) {
                byte[] frame = new byte[batch.frameBytes(i)];
                batch.buffer(i, 0).getBytes(batch.offset(i, 0), frame);
                atPeer.add(frame);
            }
            batch.clear();
        }
        return atPeer.poll();
    }

    @Override
    public void close() {
        wire.close();
        waiter.close();
        platform.close();
        LeakCheck.assertAllBack(peerPool);
    }
}
