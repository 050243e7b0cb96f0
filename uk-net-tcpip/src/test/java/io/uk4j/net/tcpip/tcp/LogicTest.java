package io.uk4j.net.tcpip.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.testkit.TestPool;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The parts that need no network. */
class LogicTest {
    private static final long SEED = 20_261_121;
    private static final long MS = 1_000_000;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final SimPlatform platform = new SimPlatform(new Simulation(SEED), "host");

    @Test
    void sipHashGivesItsAuthorsValue() {
        SipHash hash = SipHash.strong(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
        assertEquals(0x3f2acc7f57c29bdbL, hash.hash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L));
    }

    @Test
    void initialSequenceNumbersAdvanceWithTheClockAndDifferByEnds() {
        IsnSource isns = IsnSource.rfc6528(SipHash.strong(1, 2));
        int first = isns.next(1, 2, 3, 4, 0);
        assertEquals(first + 250, isns.next(1, 2, 3, 4, MS));
        assertTrue(Math.abs(isns.next(1, 2, 3, 5, 0) - first) > 1000);
    }

    private static final class Plain extends Flow {
        Plain(int remotePort) {
            super(1, 80, 2, remotePort);
        }
    }

    @Test
    void theTableFindsWhatIsInItWithFewProbes() {
        FlowTable table = new FlowTable(SipHash.quick(platform.entropy()));
        Plain[] flows = new Plain[20_000];
        for (int step = 0; step < 100_000; step++) {
            int i = random.nextInt(flows.length);
            if (flows[i] == null) {
                flows[i] = new Plain(i);
                table.add(flows[i]);
            } else if (random.nextInt(3) == 0) {
                table.remove(flows[i]);
                flows[i] = null;
            }
        }
        long before = table.probes();
        int size = 0;
        for (int i = 0; i < flows.length; i++) {
            Flow found = table.find(1, 80, 2, i);
            if (flows[i] == null) {
                assertNull(found, "seed " + SEED);
            } else {
                assertSame(flows[i], found, "seed " + SEED);
                size++;
            }
        }
        assertEquals(size, table.size());
        assertTrue(table.probes() - before < 4L * flows.length, "probes " + (table.probes() - before));
    }

    @Test
    void ephemeralPortsAreNotReusedSoon() {
        EphemeralPorts ports = new EphemeralPorts(SipHash.strong(platform.entropy()));
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 32_768; i++) {
            assertTrue(seen.add(ports.choose(1, 2, 80, port -> true)));
        }
        assertEquals(-1, ports.choose(1, 2, 80, port -> false));
    }

    @Test
    void theTimeoutFollowsRfc6298() {
        RttEstimator rtt = new RttEstimator(200 * MS, 120_000 * MS);
        assertEquals(1000 * MS, rtt.rtoNs());
        rtt.sample(100 * MS, 1);
        assertEquals(300 * MS, rtt.rtoNs());
        rtt.sample(100 * MS, 1);
        assertEquals(250 * MS, rtt.rtoNs());
        rtt.backOff();
        assertEquals(500 * MS, rtt.rtoNs());
        rtt.sample(100 * MS, 1);
        assertEquals(212_500_000, rtt.rtoNs());
        for (int i = 0; i < 100; i++) {
            rtt.backOff();
        }
        assertEquals(120_000 * MS, rtt.rtoNs());
    }

    @Test
    void newRenoGrowsAndShrinksAsRfc5681Says() {
        NewReno reno = new NewReno();
        reno.onEstablished(1000, false);
        assertEquals(10_000, reno.windowBytes());
        reno.onAcknowledged(2000, true);
        assertEquals(12_000, reno.windowBytes());
        reno.onAcknowledged(2000, false);
        assertEquals(12_000, reno.windowBytes(), "an unused window does not grow");
        reno.onLoss(12_000);
        assertEquals(6_000, reno.slowStartThresholdBytes());
        assertEquals(9_000, reno.windowBytes());
        reno.onRecovered(20_000);
        assertEquals(6_000, reno.windowBytes());
        reno.onAcknowledged(6_000, true);
        assertEquals(7_000, reno.windowBytes(), "a segment for each window");
        reno.onTimeout(7_000, false);
        reno.onTimeout(1_000, true);
        assertEquals(1_000, reno.windowBytes());
        assertEquals(3_500, reno.slowStartThresholdBytes());
        reno.onEstablished(1000, true);
        assertEquals(1_000, reno.windowBytes());
    }

    /** Random segments of a stream, in any order and overlapping, come out as the stream, and every buffer comes home. */
    @Test
    void reassemblyRestoresTheStream() {
        TestPool pool = new TestPool(512, 2048);
        for (int round = 0; round < 300; round++) {
            int start = random.nextInt();
            int total = random.nextInt(1, 20_000);
            Reassembly reassembly = new Reassembly();
            ReceiveQueue queue = new ReceiveQueue(1 << 20);
            queue.bytes.restartAt(start);
            int next = start;
            for (int step = 0; next != start + total && step < 20_000; step++) {
                int from = random.nextInt(4) == 0 ? next : start + random.nextInt(total);
                int to = Math.min(from - start + random.nextInt(1, 1500), total) + start;
                if (Seq.atOrBefore(to, next)) {
                    continue;
                }
                from = Seq.max(from, next);
                ByteBuf buffer = pool.tryAcquire(to - from);
                if (buffer == null || !reassembly.hasRoom(1)) {
                    // As under memory pressure: what was not acknowledged may be given up.
                    reassembly.clear();
                    drain(queue, total);
                    buffer = buffer == null ? pool.tryAcquire(to - from) : buffer;
                }
                assertNotNull(buffer);
                int at = buffer.readerIndex();
                for (int i = 0; i < to - from; i++) {
                    buffer.setByte(at + i, (from + i) * 31);
                }
                if (from == next) {
                    queue.add(buffer, at, to - from);
                    next = to + reassembly.drainTo(queue, to);
                } else {
                    reassembly.add(buffer, at, to - from, from);
                }
                assertEquals(next, queue.bytes.endSeq());
                drain(queue, random.nextInt(3000));
            }
            drain(queue, total);
            assertEquals(start + total, next, "seed " + SEED + " round " + round);
            assertTrue(reassembly.isEmpty());
            assertEquals(0, reassembly.ranges());
            assertEquals(0, reassembly.bytes());
            assertEquals(0, reassembly.slotBytes());
            assertEquals(pool.capacityBytes(), pool.availableBytes());
        }
    }

    private static void drain(ReceiveQueue queue, int limit) {
        int left = Math.min(limit, queue.bytes.bytes());
        while (left > 0) {
            int part = Math.min(left, queue.bytes.headLength());
            ByteBuf buffer = queue.bytes.headBuffer();
            for (int i = 0; i < part; i++) {
                assertEquals((byte) ((queue.bytes.startSeq() + i) * 31), buffer.getByte(queue.bytes.headOffset() + i));
            }
            queue.bytes.skip(part);
            left -= part;
        }
    }

    @Test
    void theSendQueueFindsEveryByte() {
        TestPool pool = new TestPool(512, 2048);
        SendQueue queue = new SendQueue(new Memory(pool, new TcpCounters(new MetricRegistry())), 100_000);
        int start = -5_000;
        queue.bytes.restartAt(start);
        byte[] chunk = new byte[4000];
        for (int step = 0; step < 3000; step++) {
            int length = random.nextInt(1, random.nextBoolean() ? 40 : 4000);
            int end = queue.bytes.endSeq();
            for (int i = 0; i < length; i++) {
                chunk[i] = (byte) ((end + i) * 31);
            }
            if (random.nextBoolean() || length > 2048) {
                queue.write(chunk, 0, length);
            } else if (queue.space() > 0) {
                ByteBuf buffer = pool.tryAcquire(length);
                assertNotNull(buffer);
                buffer.setBytes(buffer.readerIndex(), chunk, 0, length);
                queue.send(buffer, buffer.readerIndex(), length);
            }
            if (queue.bytes.bytes() > 0) {
                int at = random.nextInt(queue.bytes.bytes());
                int count = Math.min(random.nextInt(1, 2000), queue.bytes.bytes() - at);
                ByteBuf copy = pool.tryAcquire(2000);
                assertNotNull(copy);
                queue.bytes.copyOut(queue.bytes.startSeq() + at, count, copy, 128);
                for (int i = 0; i < count; i++) {
                    assertEquals((byte) ((queue.bytes.startSeq() + at + i) * 31), copy.getByte(128 + i));
                }
                copy.release();
                if (random.nextInt(3) == 0) {
                    queue.acknowledge(queue.bytes.startSeq() + random.nextInt(queue.bytes.bytes() + 1));
                }
            }
            assertTrue(queue.bytes.slotBytes() <= 2 * 100_000 + 4352);
        }
        queue.clear();
        assertEquals(pool.capacityBytes(), pool.availableBytes());
    }
}
