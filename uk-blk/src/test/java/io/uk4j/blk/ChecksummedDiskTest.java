package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.testkit.CrashTest;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ChecksummedDiskTest {
    private static final int PLACES = 98;
    private static final int FIRST_PLACE = 2 * 4096;

    private final TestBed bed = new TestBed();
    private final ScriptedDisk device = new ScriptedDisk((PLACES + 2) * 8, 8, 8);

    @AfterEach
    void close() {
        bed.close();
    }

    private ChecksummedDisk fresh() {
        ChecksummedDisk.format(bed.context, device, false);
        ChecksummedDisk disk = ChecksummedDisk.open(bed.context, device);
        device.asked.clear();
        return disk;
    }

    private static Asked run(BlockDevice device, Asked asked) {
        for (int i = 0; i < 50; i++) {
            device.poll(16);
        }
        assertTrue(asked.isDone());
        return asked;
    }

    private static Asked done(BlockDevice device, Asked asked) {
        assertEquals(BlockRequest.OK, run(device, asked).status);
        return asked;
    }

    @Test
    void whatWasNeverWrittenIsZeros() {
        ChecksummedDisk disk = fresh();
        assertEquals(PLACES - 64, disk.info().sectors());
        assertTrue(done(disk, Asked.read(disk, 0, 16)).holds(15, 0));
        assertEquals(0, device.asked.size());
    }

    @Test
    void aChangedBitIsAnErrorAndNotData() {
        ChecksummedDisk disk = fresh();
        done(disk, Asked.write(disk, 0, 24, 5));
        done(disk, Asked.flush(disk));
        device.data[FIRST_PLACE + 4096 + 77] ^= 4;
        assertEquals(BlockRequest.IO_ERROR, run(disk, Asked.read(disk, 0, 24)).status);
        assertEquals(BlockRequest.OK, run(disk, Asked.read(disk, 0, 8)).status);
        assertEquals(BlockRequest.IO_ERROR, run(disk, Asked.read(disk, 8, 8)).status);
        assertEquals(2, bed.counter("uk_blk_checksum_errors_total"));

        ChecksummedDisk again = ChecksummedDisk.open(bed.context, device);
        assertEquals(BlockRequest.IO_ERROR, run(again, Asked.read(again, 8, 8)).status);
        done(again, Asked.write(again, 8, 8, 6));
        assertTrue(done(again, Asked.read(again, 8, 8)).holds(3, 6));
    }

    /** The disk lost a write and kept what was there before, or put a write somewhere else. */
    @Test
    void anOldStateAndAnotherBlockAreErrorsToo() {
        ChecksummedDisk disk = fresh();
        done(disk, Asked.write(disk, 0, 8, 1));
        done(disk, Asked.write(disk, 8, 8, 2));
        byte[] first = Arrays.copyOfRange(device.data, FIRST_PLACE, FIRST_PLACE + 4096);
        System.arraycopy(device.data, FIRST_PLACE + 4096, device.data, FIRST_PLACE, 4096);
        System.arraycopy(first, 0, device.data, FIRST_PLACE + 4096, 4096);
        assertEquals(BlockRequest.IO_ERROR, run(disk, Asked.read(disk, 0, 8)).status);
        assertEquals(BlockRequest.IO_ERROR, run(disk, Asked.read(disk, 8, 8)).status);
    }

    @Test
    void zerosHaveChecksumsToo() {
        ChecksummedDisk disk = fresh();
        done(disk, Asked.write(disk, 0, 16, 3));
        done(disk, Asked.range(disk, Operation.WRITE_ZEROES, 0, 16));
        assertTrue(done(disk, Asked.read(disk, 0, 16)).holds(9, 0));
    }

    /** Everything is written again and again without a flush: the places that are kept free are enough, whatever is under way. */
    @Test
    void neverRunsOutOfRoom() {
        ChecksummedDisk disk = fresh();
        int sectors = (int) disk.info().sectors() * 8;
        for (int round = 1; round < 40; round++) {
            Asked whole = Asked.write(disk, 0, sectors, round);
            Asked more = Asked.write(disk, 0, sectors, round);
            run(disk, whole);
            assertEquals(BlockRequest.OK, whole.status);
            assertEquals(BlockRequest.OK, run(disk, more).status);
        }
        assertTrue(done(disk, Asked.read(disk, 0, sectors)).holds(sectors - 1, 39));
        assertEquals(0, bed.counter("uk_blk_map_full_total"));
    }

    /** Reads hold on to more places than are kept free; what they give back when they end is room. */
    @Test
    void aWriteWaitsForRoomThatReadsHoldOnTo() {
        ChecksummedDisk disk = fresh();
        int sectors = (int) disk.info().sectors() * 8;
        Asked[] reads = new Asked[2];
        for (int i = 0; i < reads.length; i++) {
            done(disk, Asked.write(disk, 0, sectors, i));
            done(disk, Asked.flush(disk));
            device.passing(request -> request.operation() != Operation.READ);
            reads[i] = Asked.read(disk, 0, sectors);
        }
        Asked write = Asked.write(disk, 0, sectors, 2);
        for (int i = 0; i < 50; i++) {
            disk.poll(16);
        }
        assertEquals(Asked.UNDER_WAY, write.status);
        device.release();
        done(disk, write);
        assertTrue(reads[0].holds(0, 0) && reads[1].holds(0, 1));
        assertEquals(0, bed.counter("uk_blk_map_full_total"));
    }

    @Test
    void saysWhatIsWrongWithADevice() {
        DiskException none = assertThrows(DiskException.class, () -> ChecksummedDisk.open(bed.context, device));
        assertTrue(none.getMessage().startsWith("disk holds no checksummed disk."), none.getMessage());
        ChecksummedDisk.format(bed.context, device, false);
        assertThrows(DiskException.class, () -> ChecksummedDisk.format(bed.context, device, false));

        ScriptedDisk base = new ScriptedDisk(64, 1, 1);
        DiskException kind = assertThrows(DiskException.class, () -> Snapshot.open(bed.context, base, device));
        assertTrue(kind.getMessage().startsWith("disk holds something of kind 2"), kind.getMessage());
        DiskException small = assertThrows(
                DiskException.class, () -> ChecksummedDisk.format(bed.context, new ScriptedDisk(66 * 8, 1, 1), false));
        assertTrue(small.getMessage().contains("A device for a checksummed disk has from 274432"), small.getMessage());
    }

    @Test
    void keepsWhatWasFlushedAndTearsNoBlock() {
        for (long seed = 1; seed <= 2; seed++) {
            CrashTest.Report report = new CrashTest(disks -> ChecksummedDisk.open(bed.context, disks.getFirst()))
                    .disk(512, 80 * 8)
                    .prepare(disks -> ChecksummedDisk.format(bed.context, disks.getFirst(), false))
                    .run(Long.getLong("uk.test.seed", 0L) + seed);
            assertTrue(report.images() > 500, report.toString());
        }
    }

    @Nested
    class Contract extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed own = new TestBed();
            RamDisk lower = own.ram(512, 256 * 8);
            ChecksummedDisk.format(own.context, lower, false);
            return new LayerFixture(own, ChecksummedDisk.open(own.context, lower), null);
        }
    }
}
