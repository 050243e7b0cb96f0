package io.uk4j.net.tcpip.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.testkit.TestPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentationTest {
    private static final NetDeviceInfo DEVICE = new NetDeviceInfo(
            "cutter",
            new MacAddress(0x02_00_00_00_00_01L),
            1500,
            NetDeviceInfo.OFFLOAD_TX_CHECKSUM | NetDeviceInfo.OFFLOAD_TSO4,
            65_549,
            48,
            0);

    private final SimPlatform platform = new SimPlatform(new Simulation(1), "host");
    private final TestPool pool = new TestPool();
    private final List<Integer> sizes = new ArrayList<>();
    private final Ipv4Output output = new Ipv4Output(
            new Addressing(0x0a000001, 24, 0),
            new Link() {
                @Override
                public NetDeviceInfo info() {
                    return DEVICE;
                }

                @Override
                public void send(Packet packet, int nextHop) {
                    sizes.add(packet.gsoSize);
                    packet.release();
                }

                @Override
                public void sendTo(Packet packet, long mac) {
                    throw new AssertionError("This is for one host.");
                }

                @Override
                public int space() {
                    return 1;
                }
            },
            pool,
            platform.clock(),
            platform.entropy(),
            new Drops(new MetricRegistry()));

    @Test
    void segmentsThatAPeerWantsSmallAreCutThoughTheMtuWouldHoldThemAll() {
        ByteBuf buffer = pool.tryAcquire(Packet.HEADROOM + 20 + 1072);
        assertNotNull(buffer);
        Packet packet = output.begin();
        packet.destination = 0x0a000002;
        packet.protocol = 6;
        packet.transportHeaderBytes = 20;
        packet.checksumOffset = 16;
        packet.gsoSize = 536;
        packet.append(buffer, buffer.readerIndex() + Packet.HEADROOM, 20 + 1072);
        output.send(packet);
        assertEquals(List.of(536), sizes);
    }
}
