package io.uk4j.net.tcpip.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.LeakCheck;
import io.uk4j.testkit.TestPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames that a device spread over several buffers, as the super-frames of a TAP. */
class SplitFramesTest {
    private static final long SEED = 34;
    private static final int HEADERS = EthernetHeader.BYTES + Ipv4Header.BYTES;
    private static final int PROTOCOL = 99;

    private final Simulation simulation = new Simulation(SEED);
    private final SimPlatform platform = new SimPlatform(simulation, "host");
    private final Loop loop = Loop.builder(platform).name("host").build();
    private final TestPool pool = new TestPool(128, 2048);
    private final Drops drops = new Drops(new MetricRegistry());
    private final FrameBatch batch = new FrameBatch();
    private final List<byte[]> arrived = new ArrayList<>();
    private final ErrorReporter nobody = (type, code, about) -> {};
    private final Demux demux = new Demux(nobody, drops);
    private final Ipv4Input input = new Ipv4Input(new Addressing(0x0a000001, 24, 0), loop, pool, demux, nobody, drops);

    SplitFramesTest() {
        demux.register(PROTOCOL, new Transport() {
            @Override
            public void input(Packet packet, long nowNs) {
                int straight = Math.min(packet.bytes(), Ipv4Input.STRAIGHT_BYTES);
                assertTrue(packet.length(0) >= straight, "the head lies in one buffer");
                assertEquals(Ipv4Header.BYTES, packet.networkHeaderBytes);
                assertEquals(
                        0x45,
                        packet.buffer(0).getByte(packet.offset(0) - Ipv4Header.BYTES),
                        "the IP header lies in front");
                byte[] payload = new byte[packet.bytes()];
                packet.copyTo(0, Unpooled.wrappedBuffer(payload), 0, payload.length);
                arrived.add(payload);
            }

            @Override
            public void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {}

            @Override
            public int output(long nowNs) {
                return 0;
            }
        });
    }

    @AfterEach
    void close() {
        input.close();
        loop.close();
        platform.close();
        LeakCheck.assertAllBack(pool);
    }

    @Test
    void deliversAPacketHoweverItIsSplitBehindItsHeader() {
        byte[] payload = payload(120);
        for (int at = 0; at <= 120; at++) {
            for (int next = at; next <= 120; next += 7) {
                receive(payload, 0, HEADERS + at, HEADERS + next);
                assertEquals(1, arrived.size());
                assertArrayEquals(payload, arrived.removeFirst(), "split at " + at + " and " + next);
            }
        }
    }

    @Test
    void deliversSuperFrames() {
        Random random = new Random(SEED);
        for (int round = 0; round < 50; round++) {
            byte[] payload = payload(1 + random.nextInt(60_000));
            List<Integer> ends = new ArrayList<>();
            for (int at = HEADERS + random.nextInt(100);
                    at < HEADERS + payload.length;
                    at += 1400 + random.nextInt(600)) {
                ends.add(at);
            }
            receive(
                    payload,
                    round % 60,
                    ends.stream().mapToInt(Integer::intValue).toArray());
            assertArrayEquals(payload, arrived.removeFirst(), "round " + round + ", seed " + SEED);
        }
    }

    @Test
    void refusesHeadersThatAreSplit() {
        for (int at = EthernetHeader.BYTES; at < HEADERS; at++) {
            receive(payload(10), 0, at);
        }
        assertEquals(Ipv4Header.BYTES, drops.value(DropReason.IP_HEADER_SPLIT));
        assertEquals(List.of(), arrived);
    }

    @Test
    void refusesMoreBuffersThanAPacketMayHave() {
        int[] ends = new int[Packet.MAX_FRAGMENTS];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = HEADERS + 8 * i + 8;
        }
        receive(payload(1000), 0, ends);
        assertEquals(1, drops.value(DropReason.IP_FRAGMENT_COUNT));
        assertEquals(List.of(), arrived);
    }

    @Test
    void dropsAPacketThatCannotBeStraightened() {
        List<ByteBuf> taken = new ArrayList<>();
        ByteBuf one = Objects.requireNonNull(pool.tryAcquire(1));
        ByteBuf two = Objects.requireNonNull(pool.tryAcquire(1));
        while (pool.availableBytes() > 0) {
            taken.add(Objects.requireNonNull(pool.tryAcquire(1)));
        }
        one.release();
        two.release();
        receive(payload(100), 0, HEADERS + 3);
        taken.forEach(ByteBuf::release);
        assertEquals(1, drops.value(DropReason.IP_NO_BUFFER));
        assertEquals(List.of(), arrived);
    }

    private static byte[] payload(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + (i >>> 8));
        }
        return bytes;
    }

    private void receive(byte[] payload, int padding, int... ends) {
        byte[] frame = new byte[HEADERS + payload.length + padding];
        ByteBuf wrapped = Unpooled.wrappedBuffer(frame);
        Ipv4Header.write(
                wrapped,
                EthernetHeader.BYTES,
                0,
                Ipv4Header.BYTES + payload.length,
                1,
                0,
                9,
                PROTOCOL,
                0x0a000002,
                0x0a000001);
        System.arraycopy(payload, 0, frame, HEADERS, payload.length);
        int from = 0;
        for (int i = 0; i <= ends.length; i++) {
            int end = i < ends.length ? ends[i] : frame.length;
            ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(Math.max(1, end - from)));
            int at = buffer.readerIndex();
            buffer.setBytes(at, frame, from, end - from);
            batch.append(buffer, at, end - from);
            from = end;
        }
        batch.endFrame();
        input.input(batch, 0, false, 0);
        batch.releaseFirst(1);
    }
}
