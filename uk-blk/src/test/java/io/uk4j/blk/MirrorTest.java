package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Pages;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.testkit.CrashTest;
import io.uk4j.testkit.RecordingDisk;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The data of a mirror begins at sector 128 of each leg, the map is at 8, and a region has 128 sectors. */
class MirrorTest {
    private static final UUID ID = new UUID(5, 6);
    private static final int DATA = 128;

    private final TestBed bed = new TestBed();
    private final ScriptedDisk first = new ScriptedDisk(DATA + 512, 8, 8);
    private final ScriptedDisk second = new ScriptedDisk(DATA + 600, 8, 8);

    @AfterEach
    void close() {
        bed.close();
    }

    private Mirror fresh() {
        Mirror.format(bed.context, first, second, ID, false);
        return reopen();
    }

    private Mirror reopen() {
        Mirror mirror = Mirror.open(bed.context, first, second);
        first.asked.clear();
        second.asked.clear();
        return mirror;
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

    private static byte[] data(ScriptedDisk leg) {
        return Arrays.copyOfRange(leg.data, DATA * 512, (DATA + 512) * 512);
    }

    @Test
    void bothLegsHoldTheSame() {
        Mirror mirror = fresh();
        assertEquals(512, mirror.info().sectors());
        done(mirror, Asked.write(mirror, 3, 20, 7));
        done(mirror, Asked.range(mirror, Operation.WRITE_ZEROES, 5, 2));
        done(mirror, Asked.flush(mirror));
        assertArrayEquals(data(first), data(second));
        assertEquals(7, data(first)[4 * 512]);
        assertEquals(0, data(first)[5 * 512]);
    }

    @Test
    void aRegionIsMarkedOnBothLegsAndFlushedBeforeItIsWritten() {
        Mirror mirror = fresh();
        second.hold();
        Asked write = Asked.write(mirror, 0, 1, 1);
        mirror.poll(16);
        mirror.poll(16);
        assertEquals(List.of("WRITE 8+8"), first.asked);
        second.release();
        done(mirror, write);
        for (ScriptedDisk leg : List.of(first, second)) {
            assertEquals(List.of("WRITE 8+8", "FLUSH 0+0", "WRITE 128+1"), leg.asked);
            leg.asked.clear();
        }
        done(mirror, Asked.write(mirror, 100, 1, 1));
        assertEquals(List.of("WRITE 228+1"), first.asked, "the same region");
        done(mirror, Asked.write(mirror, 127, 2, 1));
        assertEquals(List.of("WRITE 228+1", "WRITE 8+8", "FLUSH 0+0", "WRITE 255+2"), first.asked);
    }

    @Test
    void theMarkGoesSomeTimeAfterTheFlush() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 0, 1, 1));
        bed.simulation.runFor(6_000_000_000L);
        mirror.poll(16);
        assertEquals(1, first.data[8 * 512], "it was not flushed");

        done(mirror, Asked.flush(mirror));
        assertTrue(mirror.nextDeadlineNs() <= bed.platform.clock().nowNs() + 5_000_000_000L);
        bed.simulation.runFor(6_000_000_000L);
        for (int i = 0; i < 5; i++) {
            mirror.poll(16);
        }
        assertEquals(0, first.data[8 * 512]);
        assertEquals(0, second.data[8 * 512]);
        assertEquals(Long.MAX_VALUE, mirror.nextDeadlineNs());
        first.asked.clear();
        done(mirror, Asked.write(mirror, 0, 1, 1));
        assertEquals(List.of("WRITE 8+8", "FLUSH 0+0", "WRITE 128+1"), first.asked);
    }

    @Test
    void readsGoToBothLegsInTurn() {
        Mirror mirror = fresh();
        for (int i = 0; i < 10; i++) {
            Asked.read(mirror, i, 1);
        }
        run(mirror, Asked.read(mirror, 20, 1));
        assertTrue(first.asked.size() >= 5 && second.asked.size() >= 5);
    }

    @Test
    void whatOneLegCannotReadTheOtherServes() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 0, 8, 4));
        first.failing(request -> request.operation() == Operation.READ);
        for (int i = 0; i < 4; i++) {
            assertTrue(done(mirror, Asked.read(mirror, 0, 8)).holds(7, 4));
        }
        assertTrue(bed.counter("uk_blk_mirror_read_errors_total") >= 1);
        assertEquals(2, bed.counter("uk_blk_mirror_legs"));
        second.failing(request -> request.operation() == Operation.READ);
        assertEquals(BlockRequest.IO_ERROR, run(mirror, Asked.read(mirror, 0, 8)).status);
    }

    @Test
    void aLegThatFailsAWriteIsOutAndTheOtherSaysSoBeforeAnybodyIsTold() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 0, 1, 1));
        first.failing(request -> request.operation() == Operation.WRITE);
        second.asked.clear();
        Asked write = Asked.write(mirror, 1, 1, 2);
        second.passing(request -> request.offsetBytes() >= DATA * 512);
        for (int i = 0; i < 5; i++) {
            mirror.poll(16);
        }
        assertFalse(write.isDone());
        second.release();
        done(mirror, write);
        assertEquals(List.of("WRITE 129+1", "WRITE 0+1", "FLUSH 0+0"), second.asked);
        assertEquals(1, bed.counter("uk_blk_mirror_failed_legs_total"));
        assertEquals(1, bed.counter("uk_blk_mirror_legs"));
        assertTrue(mirror.describe().startsWith("disk+mirror: mirror " + ID + ", disk failed, disk in step"));

        first.asked.clear();
        done(mirror, Asked.write(mirror, 300, 1, 3));
        done(mirror, Asked.flush(mirror));
        assertTrue(done(mirror, Asked.read(mirror, 300, 1)).holds(0, 3));
        assertEquals(List.of(), first.asked);

        first.failing(_ -> false);
        Mirror again = reopen();
        assertArrayEquals(data(second), data(first));
        assertTrue(done(again, Asked.read(again, 300, 1)).holds(0, 3));
        assertEquals(512 * 512, bed.counter("uk_blk_mirror_copied_bytes_total"));
    }

    @Test
    void aLegThatIsGoneIsOutToo() {
        Mirror mirror = fresh();
        second.vanish();
        done(mirror, Asked.write(mirror, 0, 1, 1));
        done(mirror, Asked.flush(mirror));
        assertTrue(done(mirror, Asked.read(mirror, 0, 1)).holds(0, 1));
        first.vanish();
        assertEquals(BlockRequest.IO_ERROR, run(mirror, Asked.write(mirror, 0, 1, 2)).status);
        assertThrows(DeviceException.class, () -> Asked.read(mirror, 0, 1));
    }

    @Test
    void theLastLegIsNeverOut() {
        Mirror mirror = fresh();
        boolean[] broken = {true};
        first.failing(request -> broken[0] && request.offsetBytes() >= DATA * 512);
        second.failing(request -> broken[0] && request.offsetBytes() >= DATA * 512);
        assertEquals(BlockRequest.IO_ERROR, run(mirror, Asked.write(mirror, 0, 1, 1)).status);
        broken[0] = false;
        done(mirror, Asked.write(mirror, 0, 1, 1));
        assertEquals(1, bed.counter("uk_blk_mirror_legs"));
    }

    @Test
    void afterACrashOnlyMarkedRegionsAreCopied() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 200, 1, 1));
        // The power fails while the legs differ, here in a marked region and there in one that is not.
        Arrays.fill(second.data, (DATA + 201) * 512, (DATA + 202) * 512, (byte) 9);
        second.data[(DATA + 500) * 512] = 9;
        Mirror again = reopen();
        assertEquals(0, data(second)[201 * 512]);
        assertEquals(9, data(second)[500 * 512]);
        assertEquals(128 * 512, bed.counter("uk_blk_mirror_copied_bytes_total"));
        assertEquals(0, first.data[8 * 512]);
        done(again, Asked.read(again, 0, 1));
    }

    @Test
    void whatWentOnAloneIsKeptWhenTheOtherComesBack() {
        fresh().poll(1);
        Mirror degraded = Mirror.openDegraded(bed.context, second);
        done(degraded, Asked.write(degraded, 0, 1, 8));
        done(degraded, Asked.flush(degraded));
        assertTrue(degraded.describe().contains("in step, degraded"), degraded.describe());
        Mirror mirror = reopen();
        assertEquals(8, data(first)[0]);
        done(mirror, Asked.read(mirror, 0, 1));
    }

    @Test
    void ifBothWentOnAloneNeitherIsBelieved() {
        fresh().poll(1);
        Mirror.openDegraded(bed.context, second);
        Mirror.openDegraded(bed.context, second);
        Mirror.openDegraded(bed.context, first);
        DiskException e = assertThrows(DiskException.class, this::reopen);
        assertTrue(e.getMessage().startsWith("Each of disk and disk was written without the other."), e.getMessage());
        Mirror.replace(bed.context, first, second);
        DiskException never = assertThrows(DiskException.class, () -> Mirror.openDegraded(bed.context, second));
        assertTrue(never.getMessage().contains("never in step"), never.getMessage());
        reopen();
        assertArrayEquals(data(first), data(second));
    }

    @Test
    void saysWhatIsWrongWithLegs() {
        DiskException none = assertThrows(DiskException.class, this::reopen);
        assertTrue(none.getMessage().startsWith("disk is no leg of a mirror."), none.getMessage());
        fresh().poll(1);
        DiskException blank =
                assertThrows(DiskException.class, () -> Mirror.format(bed.context, first, second, ID, false));
        assertTrue(blank.getMessage().startsWith("disk is not blank."), blank.getMessage());
        DiskException same = assertThrows(DiskException.class, () -> Mirror.open(bed.context, first, first));
        assertTrue(same.getMessage().contains("are the same leg"), same.getMessage());

        ScriptedDisk foreign = new ScriptedDisk(DATA + 512, 8, 8);
        ScriptedDisk alsoForeign = new ScriptedDisk(DATA + 512, 8, 8);
        Mirror.format(bed.context, foreign, alsoForeign, new UUID(9, 9), false);
        DiskException other = assertThrows(DiskException.class, () -> Mirror.open(bed.context, first, alsoForeign));
        assertTrue(other.getMessage().contains("belong to different mirrors"), other.getMessage());
        DiskException small = assertThrows(
                DiskException.class, () -> Mirror.replace(bed.context, first, new ScriptedDisk(DATA + 511, 8, 8)));
        assertTrue(small.getMessage().contains("A leg of this mirror has"), small.getMessage());

        first.data[60] ^= 1;
        first.data[40] ^= 1;
        DiskException damaged = assertThrows(DiskException.class, this::reopen);
        assertTrue(damaged.getMessage().startsWith("The label of disk is damaged."), damaged.getMessage());
    }

    @Test
    void whatOneLegCouldNotReadIsWrittenToItAgain() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 0, 8, 4));
        boolean[] damaged = {true};
        first.failing(request -> damaged[0] && request.operation() == Operation.READ);
        first.asked.clear();
        for (int i = 0; i < 2; i++) {
            done(mirror, Asked.read(mirror, 2, 3));
        }
        assertEquals(List.of("READ 130+3", "WRITE 130+3"), first.asked);
        assertEquals(1, bed.counter("uk_blk_mirror_repairs_total"));
        assertArrayEquals(data(second), data(first));

        first.failing(_ -> true);
        for (int i = 0; i < 2; i++) {
            assertTrue(done(mirror, Asked.read(mirror, 2, 3)).holds(2, 4));
        }
        assertEquals(1, bed.counter("uk_blk_mirror_legs"), "a leg that does not take it is out");
    }

    @Test
    void requestsThatOverlapWaitForEachOther() {
        Mirror mirror = fresh();
        done(mirror, Asked.write(mirror, 0, 1, 1));
        first.asked.clear();
        second.asked.clear();
        first.hold();
        Asked write = Asked.write(mirror, 10, 4, 2);
        Asked read = Asked.read(mirror, 12, 4);
        Asked elsewhere = Asked.write(mirror, 20, 1, 3);
        Asked last = Asked.write(mirror, 15, 1, 4);
        for (int i = 0; i < 5; i++) {
            mirror.poll(16);
        }
        assertEquals(List.of("WRITE 138+4", "WRITE 148+1"), second.asked, "the rest overlaps what came before");
        first.release();
        done(mirror, last);
        assertTrue(write.isDone() && elsewhere.isDone());
        assertTrue(read.holds(0, 2) && read.holds(3, 0), "neither half of the first, nor the last");
        mirror.close();
    }

    @Test
    void whatWaitsForOthersEndsWhenTheMirrorIsClosed() {
        Mirror mirror = fresh();
        first.hold();
        List<Asked> all =
                List.of(Asked.write(mirror, 10, 4, 2), Asked.write(mirror, 10, 4, 3), Asked.read(mirror, 12, 1));
        mirror.poll(16);
        mirror.close();
        for (Asked each : all) {
            assertEquals(BlockRequest.CLOSED, each.status);
        }
    }

    /** A block that is not as it was written is an error of its leg, and the other one has it. */
    @Test
    void healsOverChecksummedLegs() {
        ScriptedDisk a = new ScriptedDisk(200 * 8, 8, 8);
        ScriptedDisk b = new ScriptedDisk(200 * 8, 8, 8);
        ChecksummedDisk.format(bed.context, a, false);
        ChecksummedDisk.format(bed.context, b, false);
        ChecksummedDisk left = ChecksummedDisk.open(bed.context, a);
        ChecksummedDisk right = ChecksummedDisk.open(bed.context, b);
        Mirror.format(bed.context, left, right, ID, false);
        Mirror mirror = Mirror.open(bed.context, left, right);
        done(mirror, Asked.write(mirror, 0, 64, 6));
        done(mirror, Asked.flush(mirror));
        for (int i = 0; i < a.data.length; i++) {
            a.data[i] ^= (byte) (a.data[i] == 6 ? 1 : 0);
        }
        for (int i = 0; i < 6; i++) {
            assertTrue(done(mirror, Asked.read(mirror, 0, 64)).holds(63, 6));
        }
        long errors = bed.counter("uk_blk_checksum_errors_total");
        assertTrue(errors > 0);
        for (int i = 0; i < 6; i++) {
            done(mirror, Asked.read(mirror, 0, 64));
        }
        assertEquals(errors, bed.counter("uk_blk_checksum_errors_total"), "it has healed");
        mirror.close();
    }

    @Test
    void theMapIsLargeEnoughForAnyMirror() {
        for (long bytes = 512; bytes > 0; bytes *= 2) {
            int regions = new MirrorLabel(ID, 0, 1, false, bytes).regions();
            assertTrue(regions >= 1 && regions <= MirrorLabel.BITMAP_BYTES * 8, bytes + ": " + regions);
        }
    }

    @Test
    void legsThatAreRefusedCostNothing() {
        RamDisk large = RamDisk.create(bed.context, "large", 8192, 64 * 8192);
        Pages most = bed.platform.pages().allocate((1L << 30) - (2L << 20), 4096);
        for (int i = 0; i < 10; i++) {
            DiskException e = assertThrows(DiskException.class, () -> Mirror.open(bed.context, first, large));
            assertTrue(e.getMessage().startsWith("large has sectors of 8192 bytes."), e.getMessage());
        }
        bed.platform.pages().release(most);
        large.close();
    }

    @Test
    void aLegThatWasCopiedInPartIsNotOpenedAlone() {
        fresh().poll(1);
        Mirror degraded = Mirror.openDegraded(bed.context, first);
        done(degraded, Asked.write(degraded, 0, 1, 8));
        done(degraded, Asked.write(degraded, 511, 1, 8));
        // The second region of four.
        second.failing(
                request -> request.operation() == Operation.WRITE && request.offsetBytes() == (DATA + 128) * 512);
        assertThrows(DiskException.class, this::reopen);
        assertTrue(data(second)[0] == 8 && data(second)[511 * 512] == 0);
        DiskException e = assertThrows(DiskException.class, () -> Mirror.openDegraded(bed.context, second));
        assertTrue(e.getMessage().contains("never in step"), e.getMessage());
        second.failing(_ -> false);
        reopen();
        assertArrayEquals(data(first), data(second));
    }

    /** It may be in step by what its label says, or have gone on alone for longer: neither counts any more. */
    @Test
    void aLegThatWasReplacedIsNotBelieved() {
        for (int alone = 0; alone <= 3; alone++) {
            ScriptedDisk kept = new ScriptedDisk(DATA + 512, 8, 8);
            ScriptedDisk replaced = new ScriptedDisk(DATA + 512, 8, 8);
            ScriptedDisk replacement = new ScriptedDisk(DATA + 512, 8, 8);
            Mirror.format(bed.context, kept, replaced, ID, false);
            for (int i = 0; i < alone; i++) {
                Mirror.openDegraded(bed.context, replaced);
            }
            Mirror.replace(bed.context, kept, replacement);
            Mirror mirror = Mirror.open(bed.context, kept, replacement);
            done(mirror, Asked.write(mirror, 0, 1, 7));
            done(mirror, Asked.flush(mirror));
            DiskException e = assertThrows(DiskException.class, () -> Mirror.open(bed.context, kept, replaced));
            assertTrue(e.getMessage().contains("belong to different mirrors"), e.getMessage());
            assertEquals(7, data(kept)[0]);
        }
    }

    @Test
    void aGenerationIsChecked() {
        ByteBuf sector = Unpooled.directBuffer(512, 512);
        for (long generation : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            new MirrorLabel(ID, 0, generation, false, 512 * 512).put(sector);
            assertThrows(DiskException.class, () -> MirrorLabel.read(sector, first.info()));
        }
        new MirrorLabel(ID, 0, Long.MAX_VALUE - 1, false, 512 * 512).put(sector);
        assertEquals(Long.MAX_VALUE - 1, MirrorLabel.read(sector, first.info()).generation());
        sector.release();
    }

    @Test
    void keepsWhatWasFlushedWhenThePowerIsCut() {
        report(crash().run(Long.getLong("uk.test.seed", 1L)));
    }

    /** One leg fails in the middle, and the power at any moment before or after: the other one knows. */
    @Test
    void keepsWhatWasFlushedWhenALegFailsAndThenThePowerIsCut() {
        for (int leg = 0; leg < 2; leg++) {
            int failing = leg;
            report(crash().beforeEach((step, disks) -> {
                        if (step == 9) {
                            disks.get(failing).failing(request -> request.operation() != Operation.READ);
                        }
                    })
                    .run(Long.getLong("uk.test.seed", 10L) + leg));
        }
    }

    private static void report(CrashTest.Report report) {
        assertTrue(report.images() > 1000 && report.repeated() > 100, report.toString());
    }

    private CrashTest crash() {
        return new CrashTest(this::open)
                .disk(512, DATA + 24)
                .disk(512, DATA + 24)
                .prepare(disks -> Mirror.format(bed.context, disks.get(0), disks.get(1), ID, false))
                .steps(24)
                .samples(1);
    }

    private Mirror open(List<RecordingDisk> disks) {
        return Mirror.open(bed.context, disks.get(0), disks.get(1));
    }

    @Nested
    class Contract extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed own = new TestBed();
            RamDisk left = RamDisk.create(own.context, "left", 512, (DATA + 256) * 512);
            RamDisk right = RamDisk.create(own.context, "right", 512, (DATA + 256) * 512);
            Mirror.format(own.context, left, right, ID, false);
            return new LayerFixture(own, Mirror.open(own.context, left, right), null);
        }
    }

    @Nested
    class ContractDegraded extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed own = new TestBed();
            RamDisk left = RamDisk.create(own.context, "left", 512, (DATA + 1024) * 512);
            RamDisk right = RamDisk.create(own.context, "right", 4096, (DATA + 1024) * 512);
            Mirror.format(own.context, left, right, ID, false);
            return new LayerFixture(own, Mirror.openDegraded(own.context, right), null);
        }
    }
}
