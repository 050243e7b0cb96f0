package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestQueueTest {
    private static final long MS = 1_000_000L;

    private final TestBed bed = new TestBed(
            "uk.blk.queue.depth=64",
            "uk.blk.queue.merge=16K",
            "uk.blk.queue.timeout=1s",
            "uk.blk.queue.retries=2",
            "uk.blk.queue.retry.delay=10ms");
    private final ScriptedDisk disk = new ScriptedDisk(256, 4, 8);
    private final RequestQueue queue = RequestQueue.over(bed.context, disk);

    @AfterEach
    void close() {
        queue.close();
        assertTrue(disk.isClosed());
        bed.close();
    }

    private void poll(int times) {
        for (int i = 0; i < times; i++) {
            queue.poll(64);
        }
    }

    private void pass(long ns) {
        bed.simulation.runFor(ns);
    }

    @Test
    void mergesNeighboursThatComeTogether() {
        Asked third = Asked.write(queue, 12, 2, 3);
        Asked first = Asked.write(queue, 8, 2, 1);
        Asked elsewhere = Asked.write(queue, 30, 1, 9);
        Asked second = Asked.write(queue, 10, 2, 2);
        Asked read = Asked.read(queue, 14, 1);
        poll(3);

        assertEquals(List.of("WRITE 8+6", "WRITE 30+1", "READ 14+1"), disk.asked);
        for (Asked each : List.of(first, second, third, elsewhere, read)) {
            assertEquals(BlockRequest.OK, each.status);
        }
        for (int sector = 8; sector < 14; sector++) {
            assertEquals((sector - 8) / 2 + 1, disk.data[sector * 512]);
            assertEquals((sector - 8) / 2 + 1, disk.data[sector * 512 + 511]);
        }
        assertEquals(2, bed.counter("uk_blk_merged_total"));
    }

    @Test
    void aMergedReadReachesEachBuffer() {
        for (int i = 0; i < disk.data.length; i++) {
            disk.data[i] = (byte) (i / 512);
        }
        Asked second = Asked.read(queue, 5, 3);
        Asked first = Asked.read(queue, 3, 2);
        poll(3);

        assertEquals(List.of("READ 3+5"), disk.asked);
        assertTrue(first.holds(0, 3) && first.holds(1, 4));
        assertTrue(second.holds(0, 5) && second.holds(1, 6) && second.holds(2, 7));
    }

    @Test
    void mergesNoMoreThanTheDeviceTakesAndTheSettingAllows() {
        for (int i = 0; i < 10; i++) {
            Asked.write(queue, i, 1, i);
        }
        poll(1);
        assertEquals(List.of("WRITE 0+8", "WRITE 8+2"), disk.asked, "8 fragments");

        disk.asked.clear();
        Asked.write(queue, 100, 20, 1);
        Asked.write(queue, 120, 12, 1);
        Asked.write(queue, 132, 1, 1);
        poll(3);
        assertEquals(List.of("WRITE 100+32", "WRITE 132+1"), disk.asked, "16 KiB");
    }

    @Test
    void givesTheDeviceNoMoreThanItTakesAndTheRestLater() {
        disk.hold();
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            all.add(Asked.write(queue, 2L * i, 1, i));
        }
        assertFalse(queue.submit(new BlockRequest(1, (_, _) -> {}).flush()), "the queue is full");
        poll(3);
        assertEquals(4, disk.underWay());
        assertEquals(4, disk.asked.size());

        disk.release();
        poll(40);
        assertTrue(all.stream().allMatch(each -> each.status == BlockRequest.OK));
    }

    @Test
    void aFlushWaitsForTheWritesBeforeItAndForNoneBehindIt() {
        disk.hold();
        Asked before = Asked.write(queue, 0, 1, 1);
        Asked flush = Asked.flush(queue);
        Asked behind = Asked.write(queue, 10, 1, 2);
        poll(3);
        assertEquals(List.of("WRITE 0+1", "WRITE 10+1"), disk.asked);

        disk.release();
        poll(1);
        disk.hold();
        poll(1);
        assertEquals(List.of("WRITE 0+1", "WRITE 10+1", "FLUSH 0+0"), disk.asked);
        assertTrue(before.isDone() && behind.isDone());
        assertFalse(flush.isDone());
        disk.release();
        poll(1);
        assertEquals(BlockRequest.OK, flush.status);
    }

    @Test
    void flushesThatBecomeReadyTogetherAreOne() {
        Asked.write(queue, 0, 1, 1);
        Asked one = Asked.flush(queue);
        Asked two = Asked.flush(queue);
        Asked.read(queue, 5, 1);
        Asked three = Asked.flush(queue);
        poll(4);

        assertEquals(1, disk.asked.stream().filter("FLUSH 0+0"::equals).count());
        assertTrue(one.isDone() && two.isDone() && three.isDone());
    }

    @Test
    void triesAgainAfterAPauseThatDoubles() {
        int[] failures = {2};
        disk.failing(_ -> failures[0]-- > 0);
        Asked read = Asked.read(queue, 7, 1);
        poll(3);
        assertEquals(1, disk.asked.size());
        assertEquals(bed.platform.clock().nowNs() + 10 * MS, queue.nextDeadlineNs());

        pass(10 * MS);
        poll(3);
        assertEquals(2, disk.asked.size());
        pass(10 * MS);
        poll(3);
        assertEquals(2, disk.asked.size(), "twice as long");
        pass(10 * MS);
        poll(3);
        assertEquals(BlockRequest.OK, read.status);
        assertEquals(2, bed.counter("uk_blk_retries_total"));
    }

    @Test
    void givesUpAfterTheLastRetry() {
        disk.failing(request -> request.offsetBytes() == 7 * 512);
        Asked bad = Asked.read(queue, 7, 1);
        for (int i = 0; i < 10; i++) {
            poll(2);
            pass(10 * MS);
        }
        assertEquals(BlockRequest.IO_ERROR, bad.status);
        assertEquals(3, disk.asked.size());
    }

    @Test
    void oneBadSectorFailsOnlyItsOwnRequest() {
        disk.failing(
                request -> request.offsetBytes() <= 9 * 512 && request.offsetBytes() + request.lengthBytes() > 9 * 512);
        Asked good = Asked.write(queue, 8, 1, 1);
        Asked bad = Asked.write(queue, 9, 1, 2);
        Asked alsoGood = Asked.write(queue, 10, 1, 3);
        for (int i = 0; i < 10; i++) {
            poll(3);
            pass(10 * MS);
        }
        assertEquals("WRITE 8+3", disk.asked.getFirst());
        assertEquals(BlockRequest.OK, good.status);
        assertEquals(BlockRequest.IO_ERROR, bad.status);
        assertEquals(BlockRequest.OK, alsoGood.status);
    }

    @Test
    void aFlushThatFailedIsNotTriedAgain() {
        disk.failing(request -> request.operation() == Operation.FLUSH);
        Asked flush = Asked.flush(queue);
        poll(3);
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        pass(100 * MS);
        poll(3);
        assertEquals(List.of("FLUSH 0+0"), disk.asked);
    }

    @Test
    void aFlushWaitsForAWriteThatIsTriedAgain() {
        int[] failures = {1};
        disk.failing(request -> request.operation() == Operation.WRITE && failures[0]-- > 0);
        Asked.write(queue, 1, 1, 1);
        Asked flush = Asked.flush(queue);
        poll(3);
        assertEquals(List.of("WRITE 1+1"), disk.asked);
        pass(10 * MS);
        poll(3);
        assertEquals(List.of("WRITE 1+1", "WRITE 1+1", "FLUSH 0+0"), disk.asked);
        assertEquals(BlockRequest.OK, flush.status);
    }

    @Test
    void whatWaitsTooLongFailsAndWhatTheDeviceHasIsNotTakenBack() {
        disk.hold();
        Asked first = Asked.read(queue, 0, 1);
        for (int i = 1; i < 4; i++) {
            Asked.read(queue, 2L * i, 1);
        }
        Asked waiting = Asked.read(queue, 20, 1);
        poll(1);
        assertEquals(4, disk.underWay());
        assertTrue(queue.nextDeadlineNs() <= bed.platform.clock().nowNs() + 1000 * MS);

        pass(1000 * MS);
        poll(1);
        assertEquals(BlockRequest.IO_ERROR, waiting.status);
        assertFalse(first.isDone());
        assertEquals(1, bed.counter("uk_blk_expired_total"));
        assertEquals(4, bed.counter("uk_blk_overdue_total"));
        poll(5);
        assertEquals(4, bed.counter("uk_blk_overdue_total"));

        disk.release();
        poll(2);
        assertEquals(BlockRequest.OK, first.status);
    }

    @Test
    void everythingFailsWhenTheDeviceIsGone() {
        disk.hold();
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(Asked.write(queue, 2L * i, 1, 1));
        }
        Asked flush = Asked.flush(queue);
        poll(1);
        disk.vanish();
        poll(2);

        assertTrue(all.stream().allMatch(each -> each.status == BlockRequest.IO_ERROR));
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        DeviceException e = assertThrows(DeviceException.class, () -> Asked.read(queue, 0, 1));
        assertEquals("disk is gone.", e.getMessage());
        assertEquals(0, queue.poll(4));
        assertFalse(queue.arm());
    }

    @Test
    void measuresHowLongRequestsTake() {
        disk.hold();
        Asked.read(queue, 0, 1);
        poll(1);
        pass(5 * MS);
        disk.release();
        poll(1);
        LatencyHistogram reads = queue.latency(Operation.READ);
        assertEquals(1, reads.count());
        assertEquals(5 * MS, reads.maxNs());
        assertEquals(5 * MS, reads.quantileNs(0.5));
        assertEquals(0, queue.latency(Operation.WRITE).count());
        assertTrue(bed.counters
                .text()
                .contains("uk_blk_latency_ns{device=\"disk+queue\",operation=\"read\",quantile=\"0.5\"} 5000000"));
    }

    @Test
    void aQuantileIsAtMostASixteenthAboveTheTruth() {
        SplittableRandom random = new SplittableRandom(5);
        LatencyHistogram histogram = new LatencyHistogram();
        long[] values = new long[1000];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextLong(1L << random.nextInt(1, 62));
            histogram.record(values[i]);
        }
        Arrays.sort(values);
        for (double share : new double[] {0, 0.001, 0.25, 0.5, 0.9, 0.99, 1}) {
            long truth = values[(int) Math.max(0, Math.ceil(share * values.length) - 1)];
            long told = histogram.quantileNs(share);
            assertTrue(told >= truth && told <= truth + truth / 16 + 1, share + ": " + told + " for " + truth);
        }
        assertThrows(IllegalArgumentException.class, () -> histogram.quantileNs(1.5));
        assertThrows(IllegalArgumentException.class, () -> histogram.quantileNs(Double.NaN));
    }

    @Test
    void allocatesNothingForARequest() {
        // Warmed up by the loop itself: what counts is that nothing grows with the number of requests.
        BlockRequest[] requests = new BlockRequest[16];
        ByteBuf buffer = Unpooled.directBuffer(512, 512);
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new BlockRequest(1, (_, _) -> {});
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        RequestQueue plain = RequestQueue.over(bed.context, bed.ram(512, 256));
        long before = 0;
        int rounds = 20_000;
        for (int round = -rounds; round < rounds; round++) {
            if (round == 0) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            for (int i = 0; i < requests.length; i++) {
                plain.submit(requests[i].transfer(Operation.WRITE, i * 1024L).add(buffer, 0, 512));
            }
            plain.poll(64);
            plain.poll(64);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        plain.close();
        buffer.release();
        assertTrue(bytes < rounds, bytes + " bytes for " + rounds * requests.length + " requests");
    }

    @Test
    void aCompletionMayCloseTheLayerThatCallsIt() {
        ByteBuf buffer = Unpooled.directBuffer(512, 512);
        BlockRequest closing = new BlockRequest(1, (_, _) -> queue.close());
        assertTrue(queue.submit(closing.transfer(Operation.READ, 0).add(buffer, 0, 512)));
        Asked other = Asked.read(queue, 4, 1);
        poll(3);
        assertEquals(BlockRequest.CLOSED, other.status);
        buffer.release();
    }

    @Test
    void aFlushThatTheDeviceWasNotGivenInTimeFailsToo() {
        disk.hold();
        Asked write = Asked.write(queue, 0, 1, 1);
        poll(1);
        Asked flush = Asked.flush(queue);
        poll(1);
        pass(500 * MS);
        assertTrue(queue.nextDeadlineNs() <= bed.platform.clock().nowNs() + 500 * MS);
        pass(500 * MS);
        poll(2);
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        assertEquals(1, bed.counter("uk_blk_expired_total"));
        assertFalse(write.isDone(), "the device has it");
        disk.release();
        poll(2);
        assertEquals(BlockRequest.OK, write.status);
    }
}
