package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.testkit.CrashTest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private final TestBed bed = new TestBed();
    private final ScriptedDisk base = new ScriptedDisk(64 * 8, 8, 8);
    private final ScriptedDisk delta = new ScriptedDisk(34 * 8, 8, 8);

    @AfterEach
    void close() {
        bed.close();
    }

    private Snapshot fresh() {
        Snapshot.format(bed.context, base, delta, false);
        delta.asked.clear();
        base.asked.clear();
        return Snapshot.open(bed.context, base, delta);
    }

    private static void poll(BlockDevice device) {
        for (int i = 0; i < 50; i++) {
            device.poll(16);
        }
    }

    private static Asked done(BlockDevice device, Asked asked) {
        poll(device);
        assertEquals(BlockRequest.OK, asked.status);
        return asked;
    }

    @Test
    void beginsAsACopyOfItsBaseAndNeverWritesToIt() {
        new SplittableRandom(1).nextBytes(base.data);
        byte[] before = base.data.clone();
        Snapshot snapshot = fresh();
        assertEquals(4096, snapshot.info().sectorBytes());
        assertEquals(64, snapshot.info().sectors());
        assertEquals(
                before[5 * 4096],
                done(snapshot, Asked.read(snapshot, 40, 16)).buffer.getByte(0));

        done(snapshot, Asked.write(snapshot, 40, 8, 7));
        done(snapshot, Asked.flush(snapshot));
        Asked read = done(snapshot, Asked.read(snapshot, 32, 24));
        assertEquals(before[4 * 4096], read.buffer.getByte(0));
        assertTrue(read.holds(8, 7) && read.holds(15, 7));
        assertEquals(before[6 * 4096], read.buffer.getByte(2 * 4096));
        assertArrayEquals(before, base.data);
        assertTrue(base.asked.stream().allMatch(text -> text.startsWith("READ")));
    }

    @Test
    void isStillThereWhenItIsOpenedAgainAndGoneWithItsDelta() {
        Snapshot snapshot = fresh();
        done(snapshot, Asked.write(snapshot, 0, 8, 1));
        done(snapshot, Asked.flush(snapshot));
        done(snapshot, Asked.write(snapshot, 0, 8, 2));
        done(snapshot, Asked.flush(snapshot));
        done(snapshot, Asked.write(snapshot, 0, 8, 3));

        Snapshot again = Snapshot.open(bed.context, base, delta);
        assertTrue(done(again, Asked.read(again, 0, 8)).holds(0, 2), "what was not flushed is not there");
        assertTrue(
                again.describe().startsWith("disk+snapshot: snapshot, 1 of 32 places for blocks of 4096 bytes used"));

        Snapshot.format(bed.context, base, delta, true);
        Snapshot rolledBack = Snapshot.open(bed.context, base, delta);
        assertTrue(done(rolledBack, Asked.read(rolledBack, 0, 8)).holds(0, 0));
    }

    @Test
    void aFlushBringsTheDataBeforeTheTableThatLeadsToIt() {
        Snapshot snapshot = fresh();
        delta.asked.clear();
        done(snapshot, Asked.write(snapshot, 0, 16, 1));
        done(snapshot, Asked.flush(snapshot));
        assertEquals(List.of("WRITE 16+16", "FLUSH 0+0", "WRITE 8+1", "FLUSH 0+0"), delta.asked);
        delta.asked.clear();
        done(snapshot, Asked.flush(snapshot));
        assertEquals(List.of("FLUSH 0+0"), delta.asked, "nothing new");
    }

    @Test
    void whatWasReplacedIsUsedAgain() {
        Snapshot snapshot = fresh();
        for (int round = 0; round < 100; round++) {
            done(snapshot, Asked.write(snapshot, 0, 16 * 8, round));
            if (round % 3 == 0) {
                done(snapshot, Asked.flush(snapshot));
            }
        }
        assertTrue(done(snapshot, Asked.read(snapshot, 0, 8)).holds(0, 99));
        assertEquals(0, bed.counter("uk_blk_map_full_total"));
    }

    @Test
    void aDeltaThatIsFullRefusesAndKeepsWhatItHas() {
        Snapshot snapshot = fresh();
        List<Asked> writes = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            writes.add(Asked.write(snapshot, 8L * i, 8, i + 1));
        }
        poll(snapshot);
        assertEquals(
                32,
                writes.stream().filter(each -> each.status == BlockRequest.OK).count());
        assertEquals(
                8,
                writes.stream()
                        .filter(each -> each.status == BlockRequest.IO_ERROR)
                        .count());
        assertEquals(8, bed.counter("uk_blk_map_full_total"));
        done(snapshot, Asked.flush(snapshot));
        for (int i = 0; i < 32; i++) {
            assertTrue(done(snapshot, Asked.read(snapshot, 8L * i, 8)).holds(0, i + 1));
        }
        assertTrue(done(snapshot, Asked.read(snapshot, 8 * 35, 8)).holds(0, 0));
    }

    @Test
    void aBlockThatIsBeingReadIsNotGivenToAnother() {
        Snapshot snapshot = fresh();
        done(snapshot, Asked.write(snapshot, 0, 8, 1));
        done(snapshot, Asked.flush(snapshot));
        delta.hold();
        Asked read = Asked.read(snapshot, 0, 8);
        poll(snapshot);
        // The read is under way when its block is replaced and its place becomes free.
        delta.passing(request -> request.operation() != Operation.READ);
        done(snapshot, Asked.write(snapshot, 0, 8, 2));
        done(snapshot, Asked.flush(snapshot));
        for (int i = 1; i < 31; i++) {
            done(snapshot, Asked.write(snapshot, 8L * i, 8, 9));
        }
        delta.release();
        poll(snapshot);
        assertTrue(read.holds(0, 1), "neither old nor new");
        done(snapshot, Asked.write(snapshot, 8 * 40, 8, 9));
    }

    @Test
    void aFlushThatFailsIsToldAndTheNextOneMakesUpForIt() {
        Snapshot snapshot = fresh();
        done(snapshot, Asked.write(snapshot, 0, 8, 1));
        boolean[] broken = {true};
        delta.failing(request -> broken[0] && request.operation() == Operation.WRITE);
        Asked flush = Asked.flush(snapshot);
        poll(snapshot);
        assertEquals(BlockRequest.IO_ERROR, flush.status);
        broken[0] = false;
        done(snapshot, Asked.flush(snapshot));
        Snapshot again = Snapshot.open(bed.context, base, delta);
        assertTrue(done(again, Asked.read(again, 0, 8)).holds(0, 1));
    }

    @Test
    void saysWhatIsWrongWithADelta() {
        DiskException none = assertThrows(DiskException.class, () -> Snapshot.open(bed.context, base, delta));
        assertTrue(none.getMessage().startsWith("disk holds no snapshot."), none.getMessage());

        Snapshot.format(bed.context, base, delta, false);
        DiskException twice = assertThrows(DiskException.class, () -> Snapshot.format(bed.context, base, delta, false));
        assertTrue(twice.getMessage().startsWith("disk is not blank."), twice.getMessage());

        base.data[0] ^= 1;
        DiskException other = assertThrows(DiskException.class, () -> Snapshot.open(bed.context, base, delta));
        assertTrue(other.getMessage().startsWith("The snapshot on disk is not one of disk"), other.getMessage());
        base.data[0] ^= 1;

        delta.data[4096 + 3] = 1;
        DiskException damaged = assertThrows(DiskException.class, () -> Snapshot.open(bed.context, base, delta));
        assertTrue(damaged.getMessage().contains("piece 0 with a wrong checksum"), damaged.getMessage());

        delta.data[20] ^= 1;
        DiskException superblock = assertThrows(DiskException.class, () -> Snapshot.open(bed.context, base, delta));
        assertTrue(superblock.getMessage().startsWith("The superblock on disk is damaged"), superblock.getMessage());

        DiskException small = assertThrows(
                DiskException.class, () -> Snapshot.format(bed.context, base, new ScriptedDisk(16, 1, 1), false));
        assertTrue(small.getMessage().contains("A device for a snapshot has from 12288"), small.getMessage());
        DiskException odd = assertThrows(
                DiskException.class, () -> Snapshot.format(bed.context, new ScriptedDisk(9, 1, 1), delta, true));
        assertTrue(odd.getMessage().contains("a whole number of blocks of 4096 bytes"), odd.getMessage());
    }

    @Test
    void keepsWhatWasFlushedAndTearsNoBlock() {
        for (long seed = 1; seed <= 3; seed++) {
            CrashTest.Report report = new CrashTest(disks -> Snapshot.open(bed.context, disks.get(0), disks.get(1)))
                    .disk(512, 16 * 8)
                    .disk(512, 26 * 8)
                    .prepare(disks -> Snapshot.format(bed.context, disks.get(0), disks.get(1), false))
                    .run(Long.getLong("uk.test.seed", 0L) + seed);
            assertTrue(report.images() > 500, report.toString());
        }
    }

    @Nested
    class Contract extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed own = new TestBed();
            BlockDevice lower = RamDisk.create(own.context, "base", 512, 128 * 4096);
            BlockDevice upper = RamDisk.create(own.context, "delta", 512, 256 * 4096);
            Snapshot.format(own.context, lower, upper, false);
            return new LayerFixture(own, Snapshot.open(own.context, lower, upper), null);
        }
    }

    @Nested
    class ContractWithLittleRoom extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed own = new TestBed();
            BlockDevice lower = RamDisk.create(own.context, "base", 4096, 64 * 4096);
            BlockDevice upper = RamDisk.create(own.context, "delta", 4096, 140 * 4096);
            Snapshot.format(own.context, lower, upper, false);
            return new LayerFixture(own, Snapshot.open(own.context, lower, upper), null);
        }
    }
}
