package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Blocks have 8 sectors; there are 32 of them, of which 16 may be newer than the disk, and at 8 write-back begins. */
class WriteBackCacheTest {
    private static final long MS = 1_000_000L;
    private static final int SECTORS = 1004;

    private final TestBed bed =
            new TestBed("uk.blk.cache.bytes=128K", "uk.blk.cache.dirty=50", "uk.blk.cache.age=100ms");
    private final ScriptedDisk disk = new ScriptedDisk(SECTORS, 16, 16);
    private final WriteBackCache cache = WriteBackCache.over(bed.context, disk);

    @AfterEach
    void close() {
        cache.close();
        bed.close();
    }

    private void poll(int times) {
        for (int i = 0; i < times; i++) {
            cache.poll(64);
        }
    }

    private void pass(long ns) {
        bed.simulation.runFor(ns);
    }

    private Asked done(Asked asked) {
        for (int i = 0; i < 100 && !asked.isDone(); i++) {
            poll(1);
        }
        assertEquals(BlockRequest.OK, asked.status);
        return asked;
    }

    @Test
    void aWriteIsDoneBeforeTheDiskHasItAndIsReadBack() {
        done(Asked.write(cache, 8, 8, 7));
        assertEquals(List.of(), disk.asked);
        assertTrue(done(Asked.read(cache, 8, 8)).holds(7, 7));
        assertEquals(List.of(), disk.asked);
    }

    @Test
    void aReadBringsWholeBlocksAndNeighboursThatAreAskedForTogether() {
        disk.data[20 * 512] = 5;
        Asked read = done(Asked.read(cache, 10, 20));
        assertEquals(5, read.buffer.getByte(10 * 512));
        assertEquals(List.of("READ 8+24"), disk.asked);
        done(Asked.read(cache, 31, 1));
        assertEquals(1, disk.asked.size());
        assertEquals(3, bed.counter("uk_blk_cache_misses_total"));
    }

    @Test
    void aPartOfABlockIsWrittenAfterTheRestWasRead() {
        Arrays.fill(disk.data, (byte) 3);
        done(Asked.write(cache, 9, 2, 4));
        assertEquals(List.of("READ 8+8"), disk.asked);
        done(Asked.flush(cache));
        assertEquals(List.of("READ 8+8", "WRITE 8+8", "FLUSH 0+0"), disk.asked);
        assertEquals(3, disk.data[8 * 512]);
        assertEquals(4, disk.data[9 * 512]);
        assertEquals(4, disk.data[10 * 512 + 511]);
        assertEquals(3, disk.data[11 * 512]);
    }

    @Test
    void theLastBlockMayBeShort() {
        done(Asked.write(cache, SECTORS - 4, 4, 6));
        done(Asked.flush(cache));
        assertEquals(List.of("WRITE " + (SECTORS - 4) + "+4", "FLUSH 0+0"), disk.asked);
        assertEquals(6, disk.data[disk.data.length - 1]);
        done(Asked.write(cache, SECTORS - 1, 1, 7));
        done(Asked.flush(cache));
        assertEquals(7, disk.data[disk.data.length - 1]);
    }

    @Test
    void aFlushBringsEverythingThatWasWrittenAndThenFlushesTheDisk() {
        done(Asked.write(cache, 80, 8, 1));
        done(Asked.write(cache, 0, 8, 2));
        done(Asked.write(cache, 8, 8, 3));
        disk.hold();
        Asked flush = Asked.flush(cache);
        poll(3);
        assertEquals(List.of("WRITE 80+8", "WRITE 0+16"), disk.asked);
        disk.release();
        done(flush);
        assertEquals("FLUSH 0+0", disk.asked.getLast());
        assertEquals(3, disk.asked.size());
    }

    @Test
    void aFlushDoesNotWaitForWhatIsWrittenBehindIt() {
        done(Asked.write(cache, 0, 8, 1));
        disk.hold();
        Asked flush = Asked.flush(cache);
        poll(1);
        done(Asked.write(cache, 80, 8, 2));
        disk.release();
        done(flush);
        assertEquals(List.of("WRITE 0+8", "FLUSH 0+0"), disk.asked);
    }

    @Test
    void whatIsBeingWrittenDoesNotChangeUnderTheDisk() {
        done(Asked.write(cache, 0, 8, 1));
        disk.hold();
        Asked flush = Asked.flush(cache);
        poll(1);
        Asked again = Asked.write(cache, 0, 8, 2);
        poll(3);
        assertFalse(again.isDone());
        assertTrue(done(Asked.read(cache, 0, 1)).holds(0, 1));
        disk.release();
        done(again);
        done(flush);
        assertEquals(1, disk.data[0]);
        assertTrue(done(Asked.read(cache, 0, 1)).holds(0, 2));
    }

    @Test
    void agedBlocksAreWrittenByThemselves() {
        done(Asked.write(cache, 0, 8, 1));
        assertEquals(bed.platform.clock().nowNs() + 100 * MS, cache.nextDeadlineNs());
        pass(99 * MS);
        poll(2);
        assertEquals(List.of(), disk.asked);
        pass(MS);
        poll(2);
        assertEquals(List.of("WRITE 0+8"), disk.asked);
        assertEquals(Long.MAX_VALUE, cache.nextDeadlineNs());
    }

    @Test
    void noMoreIsNewerThanTheDiskThanAllowed() {
        disk.hold();
        List<Asked> writes = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            writes.add(Asked.write(cache, 16L * i, 8, i));
        }
        poll(5);
        assertEquals(16, writes.stream().filter(Asked::isDone).count());
        assertEquals(16 * 4096, bed.counter("uk_blk_cache_unwritten_bytes"));
        assertEquals(8, disk.underWay());

        disk.release();
        writes.forEach(this::done);
        done(Asked.flush(cache));
        for (int i = 0; i < 24; i++) {
            assertEquals(i, disk.data[16 * i * 512]);
        }
    }

    @Test
    void aWriteThatFailsIsKeptAndTriedAgain() {
        boolean[] broken = {true};
        disk.failing(request -> broken[0] && request.operation() == Operation.WRITE);
        done(Asked.write(cache, 0, 8, 1));
        Asked flush = Asked.flush(cache);
        poll(4);
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        assertTrue(done(Asked.read(cache, 0, 1)).holds(0, 1), "nothing that was accepted is forgotten");
        poll(5);
        assertEquals(List.of("WRITE 0+8"), disk.asked, "not again and again");

        broken[0] = false;
        done(Asked.flush(cache));
        assertEquals(List.of("WRITE 0+8", "WRITE 0+8", "FLUSH 0+0"), disk.asked);
        assertEquals(1, disk.data[0]);
    }

    @Test
    void writesThatWaitForRoomFailWhenTheDiskTakesNothing() {
        disk.failing(request -> request.operation() == Operation.WRITE);
        List<Asked> writes = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            writes.add(Asked.write(cache, 16L * i, 8, i));
        }
        poll(10);
        assertTrue(writes.stream().allMatch(Asked::isDone));
        assertEquals(
                16,
                writes.stream().filter(each -> each.status == BlockRequest.OK).count());
        assertEquals(
                8,
                writes.stream()
                        .filter(each -> each.status == BlockRequest.IO_ERROR)
                        .count());
    }

    @Test
    void aReadThatFailsLeavesNothingBehind() {
        boolean[] broken = {true};
        disk.failing(_ -> broken[0]);
        Asked read = Asked.read(cache, 0, 8);
        poll(3);
        assertEquals(BlockRequest.IO_ERROR, read.status);
        broken[0] = false;
        disk.data[0] = 9;
        assertEquals(9, done(Asked.read(cache, 0, 8)).buffer.getByte(0));
    }

    @Test
    void zeroesReachTheDiskAndWhatIsCached() {
        done(Asked.write(cache, 0, 24, 5));
        Asked zeroes = Asked.range(cache, Operation.WRITE_ZEROES, 4, 14);
        Asked behind = Asked.write(cache, 5, 1, 6);
        done(zeroes);
        done(behind);
        Asked read = done(Asked.read(cache, 0, 24));
        assertTrue(read.holds(3, 5) && read.holds(4, 0) && read.holds(5, 6) && read.holds(17, 0) && read.holds(18, 5));
        done(Asked.flush(cache));
        assertEquals(5, disk.data[3 * 512]);
        assertEquals(0, disk.data[4 * 512]);
        assertEquals(6, disk.data[5 * 512]);
        assertEquals(0, disk.data[17 * 512]);
        assertEquals(5, disk.data[18 * 512]);
    }

    @Test
    void zeroesThatFailTakeNothingFromWhatWasAccepted() {
        done(Asked.write(cache, 0, 8, 5));
        disk.failing(request -> request.operation() == Operation.WRITE_ZEROES);
        Asked zeroes = Asked.range(cache, Operation.WRITE_ZEROES, 0, 8);
        poll(3);
        assertEquals(BlockRequest.IO_ERROR, zeroes.status);
        assertTrue(done(Asked.read(cache, 0, 8)).holds(0, 5));
    }

    /** A write has begun, waits for room, and only then come zeros that wait for it. */
    @Test
    void zeroesAndWritesThatWaitDoNotWaitForEachOther() {
        disk.hold();
        for (int i = 0; i < 16; i++) {
            Asked.write(cache, 16L * i, 8, i);
        }
        Asked waits = Asked.write(cache, 16 * 16, 8, 1);
        Asked zeroes = Asked.range(cache, Operation.WRITE_ZEROES, 500, 8);
        Asked later = Asked.read(cache, 0, 1);
        poll(3);
        assertFalse(waits.isDone() || zeroes.isDone() || later.isDone());
        disk.release();
        done(waits);
        done(zeroes);
        done(later);
    }

    @Test
    void everythingFailsWhenTheDeviceIsGone() {
        disk.hold();
        Asked read = Asked.read(cache, 0, 8);
        done(Asked.write(cache, 80, 8, 1));
        Asked flush = Asked.flush(cache);
        poll(1);
        disk.vanish();
        poll(3);
        assertEquals(BlockRequest.IO_ERROR, read.status);
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        assertThrows(DeviceException.class, () -> Asked.read(cache, 0, 1));
    }

    /** Many requests at a time that do not overlap, on a disk that holds them back now and then: the result is that of a plain array. */
    @Test
    void aRandomWalkOfManyRequestsMatchesAnArray() {
        long base = Long.getLong("uk.test.seed", 20_261_127L);
        for (long seed = base; seed < base + 40; seed++) {
            walk(seed);
        }
    }

    private void walk(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ScriptedDisk lower = new ScriptedDisk(SECTORS, random.nextInt(1, 8), random.nextInt(1, 20));
        WriteBackCache upper = WriteBackCache.over(bed.context, lower);
        byte[] model = new byte[SECTORS];
        for (int round = 0; round < 60; round++) {
            if (random.nextInt(3) == 0) {
                lower.hold();
            }
            List<Asked> all = new ArrayList<>();
            int sector = random.nextInt(30);
            while (sector < SECTORS - 40 && all.size() < 100) {
                int count = random.nextInt(1, 40);
                switch (random.nextInt(12)) {
                    case 0 -> {
                        all.add(Asked.range(upper, Operation.WRITE_ZEROES, sector, count));
                        Arrays.fill(model, sector, sector + count, (byte) 0);
                    }
                    case 1 -> all.add(Asked.flush(upper));
                    case 2, 3, 4, 5, 6 -> {
                        int fill = random.nextInt(1, 120);
                        all.add(Asked.write(upper, sector, count, fill));
                        Arrays.fill(model, sector, sector + count, (byte) fill);
                    }
                    default -> {
                        Asked read = Asked.read(upper, sector, count);
                        all.add(read);
                    }
                }
                sector += count + random.nextInt(60);
                if (random.nextInt(4) == 0) {
                    upper.poll(random.nextInt(1, 5));
                }
            }
            upper.poll(64);
            lower.release();
            for (int i = 0; i < 400 && !all.stream().allMatch(Asked::isDone); i++) {
                upper.poll(16);
                bed.simulation.runFor(MS);
            }
            for (Asked each : all) {
                assertEquals(BlockRequest.OK, each.status, "seed " + seed + ", round " + round);
            }
        }
        Asked flush = Asked.flush(upper);
        for (int i = 0; i < 100; i++) {
            upper.poll(64);
        }
        assertEquals(BlockRequest.OK, flush.status);
        for (int i = 0; i < SECTORS; i++) {
            assertEquals(model[i], lower.data[i * 512], "seed " + seed + ", sector " + i);
        }
        upper.close();
    }
}
