package io.uk4j.net.tcpip.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.TestPool;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Two ends do random things over a bad link; what must always hold is looked at after every step. */
class RandomWalkTest {
    private static final long MS = 1_000_000L;
    private static final int WALKS = 60;
    private static final int STEPS = 400;

    private static final class End implements IpOutput, TcpHandler {
        final Simulation simulation;
        final SplittableRandom random;
        final int address;
        final TestPool pool;
        final TcpTransport tcp;
        final Packet outbound = new Packet();
        final Packet inbound = new Packet();
        final int maxSegmentationBytes;
        double loss;
        End other;
        Connection connection;
        long written;
        long received;
        TcpCloseReason reason;

        End(Simulation simulation, int address, int iss, SplittableRandom random, int slots) {
            this.simulation = simulation;
            this.address = address;
            this.random = random;
            pool = new TestPool(slots, 2048);
            maxSegmentationBytes = random.nextBoolean() ? 65_535 : 0;
            SimPlatform platform = new SimPlatform(simulation, "host" + address);
            Loop loop = Loop.builder(platform).name("host" + address).build();
            tcp = new TcpTransport(
                    loop,
                    this,
                    pool,
                    platform.entropy(),
                    new MetricRegistry(),
                    Configs.builder()
                            .keys(TcpKeys.all())
                            .set("uk.tcp.sendbuffer", "32K")
                            .set("uk.tcp.receivebuffer", "16K")
                            .set("uk.tcp.nodelay", String.valueOf(random.nextBoolean()))
                            .build(),
                    (a, b, c, d, now) -> iss);
            loop.add(tcp::output);
            simulation.add("host" + address, loop);
        }

        @Override
        public Packet begin() {
            outbound.reset();
            return outbound;
        }

        @Override
        public void send(Packet packet) {
            Seg whole = Seg.of(packet);
            ByteBuf header = packet.buffer(0);
            int at = packet.offset(0);
            int headerBytes = packet.transportHeaderBytes;
            int size = packet.gsoSize == 0 ? Math.max(1, whole.data.length) : packet.gsoSize;
            for (int from = 0; from == 0 || from < whole.data.length; from += size) {
                int length = Math.min(size, whole.data.length - from);
                byte[] segment = new byte[headerBytes + length];
                header.getBytes(at, segment, 0, headerBytes);
                java.nio.ByteBuffer.wrap(segment).putInt(4, whole.seq + from);
                if (from + length < whole.data.length) {
                    segment[13] &= ~(Flags.FIN | Flags.PSH);
                }
                System.arraycopy(whole.data, from, segment, headerBytes, length);
                transmit(segment);
            }
            packet.release();
        }

        private void transmit(byte[] segment) {
            int copies = random.nextInt(50) == 0 ? 2 : 1;
            for (int i = 0; i < copies; i++) {
                if (random.nextDouble() >= loss) {
                    simulation.after(random.nextLong(MS, 4 * MS), () -> other.arrive(segment));
                }
            }
        }

        private void arrive(byte[] segment) {
            ByteBuf buffer = pool.tryAcquire(segment.length);
            if (buffer == null) {
                return;
            }
            buffer.setBytes(buffer.readerIndex(), segment);
            inbound.reset();
            inbound.append(buffer, buffer.readerIndex(), segment.length);
            inbound.source = other.address;
            inbound.destination = address;
            inbound.checksumValid = true;
            tcp.input(inbound, simulation.nowNs());
            inbound.release();
        }

        @Override
        public int space() {
            return 64;
        }

        @Override
        public int mtuBytes(int destination) {
            return 1500;
        }

        @Override
        public int sourceFor(int destination) {
            return address;
        }

        @Override
        public int maxSegmentationBytes() {
            return maxSegmentationBytes;
        }

        @Override
        public void onReadable(TcpConnection c) {}

        @Override
        public void onPeerClosed(TcpConnection c) {
            // The walk decides when this side ends.
        }

        @Override
        public void onClosed(TcpConnection c, TcpCloseReason why) {
            reason = why;
        }

        void write(int length) {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++) {
                bytes[i] = (byte) ((written + i) * 31 + address);
            }
            if (length <= 2048 && random.nextBoolean()) {
                ByteBuf buffer = pool.tryAcquire(length);
                if (buffer != null) {
                    buffer.setBytes(buffer.readerIndex(), bytes);
                    if (connection.send(buffer, buffer.readerIndex(), length)) {
                        written += length;
                    } else {
                        buffer.release();
                    }
                }
            } else {
                written += connection.write(bytes, 0, length);
            }
        }

        void read(int limit) {
            int[] left = {limit};
            connection.receive((buffer, offset, length) -> {
                int part = Math.min(length, left[0]);
                for (int i = 0; i < part; i++) {
                    assertEquals((byte) ((received + i) * 31 + other.address), buffer.getByte(offset + i));
                }
                received += part;
                left[0] -= part;
                return part;
            });
        }

        void check(String what) {
            Connection c = connection;
            if (c == null || !c.isOpen()) {
                return;
            }
            SendState snd = c.snd;
            assertTrue(Seq.atOrBefore(snd.una, snd.cursor), what);
            assertTrue(Seq.atOrBefore(snd.cursor, snd.nxt), what);
            assertTrue(Seq.atOrBefore(snd.nxt, snd.endSeq() + (snd.finQueued ? 1 : 0)), what);
            assertTrue(c.state == TcpState.SYN_SENT || Seq.atOrAfter(snd.una, snd.queue.bytes.startSeq() - 1), what);
            assertTrue(snd.queue.bytes.bytes() >= 0 && snd.queue.bytes.bytes() <= 32_768 + 2048, what);
            assertTrue(c.rcv.queue.bytes.bytes() <= 16_384, what);
            assertTrue(c.info().memoryBytes() <= 2L * 32_768 + 3L * 16_384 + 3 * 2176, what + c.info());
            assertTrue(written - c.bytesSent == snd.queue.bytes.bytes(), what);
            assertTrue(c.bytesReceived - received == c.rcv.queue.bytes.bytes(), what);
        }
    }

    @Test
    void whatMustHoldAlwaysHolds() {
        long base = Long.getLong("uk.test.seed", 1);
        for (long seed = base; seed < base + WALKS; seed++) {
            walk(seed);
        }
    }

    private static void walk(long seed) {
        Simulation simulation = new Simulation(seed);
        SplittableRandom random = new SplittableRandom(seed);
        int slots = random.nextBoolean() ? 1024 : 96;
        End a = new End(simulation, 0x0a000001, random.nextInt(), random, slots);
        End b = new End(simulation, 0x0a000002, -random.nextInt(40_000), random, slots);
        a.other = b;
        b.other = a;
        double loss = random.nextInt(3) * 0.05;
        a.loss = loss;
        b.loss = loss;
        Endpoint at = new Endpoint(new Ipv4Address(b.address), 80);
        b.tcp.listen(at, 4, c -> {
            b.connection = (Connection) c;
            return b;
        });
        a.connection = (Connection) a.tcp.connect(at, a);
        for (int step = 0; step < STEPS; step++) {
            End end = random.nextBoolean() ? a : b;
            if (end.connection != null) {
                switch (random.nextInt(4)) {
                    case 0 -> end.write(random.nextInt(1, random.nextBoolean() ? 30 : 9000));
                    case 1, 2 -> end.read(random.nextInt(1, 20_000));
                    default -> simulation.runFor(random.nextLong(5 * MS));
                }
            }
            simulation.runFor(random.nextLong(MS));
            a.check("seed " + seed + " step " + step);
            b.check("seed " + seed + " step " + step);
        }
        boolean done = simulation.runUntil(
                () -> {
                    for (End end : new End[] {a, b}) {
                        if (end.connection != null && end.reason == null) {
                            end.read(Integer.MAX_VALUE);
                            end.connection.shutdownOutput();
                        }
                        end.check("seed " + seed + " at the end");
                    }
                    return a.reason != null && b.reason != null;
                },
                1000_000 * MS);
        String what = "seed " + seed + ": " + a.connection + " " + a.reason + ", " + b.connection + " " + b.reason
                + ", sent " + a.written + " and " + b.written + ", received " + b.received + " and " + a.received;
        assertTrue(done, what);
        assertEquals(TcpCloseReason.NORMAL, a.reason, what);
        assertEquals(TcpCloseReason.NORMAL, b.reason, what);
        assertEquals(a.written, b.received, what);
        assertEquals(b.written, a.received, what);
        simulation.runFor(100 * MS);
        assertEquals(a.pool.capacityBytes(), a.pool.availableBytes(), what);
        assertEquals(b.pool.capacityBytes(), b.pool.availableBytes(), what);
    }
}
