package io.uk4j.example.vswitch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three stations on three wires to the switch. */
class LearningSwitchTest {
    private static final long EVERYBODY = 0xffff_ffff_ffffL;

    private final Simulation simulation = new Simulation(20_261_126L);
    private final SimPlatform platform = new SimPlatform(simulation, "switch");
    private final PacketPool pool = PacketPool.builder(platform.pages())
            .sizeClass(2048, 256)
            .trackLeaks(true)
            .build();
    private final PacketPool farPool = PacketPool.builder(platform.pages())
            .sizeClass(2048, 256)
            .trackLeaks(true)
            .build();
    private final Waiter waiter = platform.newWaiter();
    private final MetricRegistry counters = new MetricRegistry();
    private final List<NetDevice> near = new ArrayList<>();
    private final List<NetDevice> far = new ArrayList<>();
    private LearningSwitch vswitch;

    @BeforeEach
    void connect() {
        for (int i = 0; i < 3; i++) {
            Wire wire = Wire.builder(simulation).build(pool, farPool);
            near.add(wire.a());
            far.add(wire.b());
        }
        vswitch = new LearningSwitch(near, waiter, counters);
        simulation.add("switch", vswitch);
    }

    @AfterEach
    void close() {
        vswitch.close();
        far.forEach(NetDevice::close);
        waiter.close();
        pool.close();
        farPool.close();
        platform.close();
    }

    private void send(int from, long destination, long origin) {
        ByteBuf buffer = farPool.tryAcquire(60);
        assertNotNull(buffer);
        buffer.writeShort((int) (destination >>> 32)).writeInt((int) destination);
        buffer.writeShort((int) (origin >>> 32)).writeInt((int) origin);
        buffer.writeShort(0x88b5).writeZero(46);
        FrameBatch batch = new FrameBatch(1, 1);
        batch.append(buffer, buffer.readerIndex(), 60);
        batch.endFrame();
        assertEquals(1, far.get(from).offer(batch));
        far.get(from).flush();
        simulation.runFor(1_000_000_000L);
    }

    /** How many frames each station has received since the last call. */
    private int[] received() {
        int[] frames = new int[3];
        FrameBatch batch = new FrameBatch();
        for (int i = 0; i < 3; i++) {
            frames[i] = far.get(i).poll(batch);
            batch.clear();
        }
        return frames;
    }

    @Test
    void whatIsForNobodyKnownGoesToAllOthersAndThenToTheOneAlone() {
        send(0, 0x0200_0000_0002L, 0x0200_0000_0001L);
        assertArrayEquals(new int[] {0, 1, 1}, received());
        send(1, 0x0200_0000_0001L, 0x0200_0000_0002L);
        assertArrayEquals(new int[] {1, 0, 0}, received());
        send(0, 0x0200_0000_0002L, 0x0200_0000_0001L);
        assertArrayEquals(new int[] {0, 1, 0}, received());
    }

    @Test
    void groupsAreFloodedAndNoStationIsLearnedFromThem() {
        send(0, EVERYBODY, 0x0300_0000_0001L);
        assertArrayEquals(new int[] {0, 1, 1}, received());
        send(1, 0x0300_0000_0001L, 0x0200_0000_0002L);
        assertArrayEquals(new int[] {1, 0, 1}, received());
    }

    @Test
    void whatBelongsToItsOwnPortGoesNowhere() {
        send(0, EVERYBODY, 0x0200_0000_0001L);
        received();
        send(0, 0x0200_0000_0001L, 0x0200_0000_0009L);
        assertArrayEquals(new int[] {0, 0, 0}, received());
    }
}
