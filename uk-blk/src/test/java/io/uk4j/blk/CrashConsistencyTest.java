package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.block.BlockDevice;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.CrashTest;
import io.uk4j.testkit.PowerLine;
import io.uk4j.testkit.RecordingDisk;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What docs/block.md promises for a power cut, of each part. */
class CrashConsistencyTest {
    private static final long SEED = Long.getLong("uk.test.seed", 20_261_127L);
    private static final int SEEDS = Integer.getInteger("uk.test.crash.seeds", 2);

    private final TestBed bed = new TestBed(
            "uk.blk.cache.bytes=64K", "uk.blk.cache.age=5ms", "uk.blk.queue.merge=8K", "uk.blk.queue.depth=8");

    @AfterEach
    void close() {
        bed.close();
    }

    private CrashTest test(Function<List<RecordingDisk>, BlockDevice> opener) {
        return new CrashTest(opener).idle(() -> bed.simulation.runFor(1_000_000));
    }

    private static void run(CrashTest test) {
        for (int i = 0; i < SEEDS; i++) {
            CrashTest.Report report = test.run(SEED + i);
            assertTrue(report.writes() >= 10 && report.images() > 300, report.toString());
        }
    }

    @Test
    void aQueueKeepsWhatItsDeviceKeeps() {
        run(test(disks -> RequestQueue.over(bed.context, disks.getFirst()))
                .disk(512, 128)
                .depth(8));
    }

    @Test
    void aCacheKeepsWhatWasFlushed() {
        run(test(disks -> WriteBackCache.over(bed.context, disks.getFirst()))
                .disk(512, 260)
                .steps(60));
    }

    @Test
    void aCacheBetweenQueuesKeepsWhatWasFlushed() {
        run(test(disks -> RequestQueue.over(
                        bed.context,
                        WriteBackCache.over(bed.context, RequestQueue.over(bed.context, disks.getFirst()))))
                .disk(512, 260));
    }

    @Test
    void aPartitionKeepsWhatItsDiskKeeps() {
        Loop loop = Loop.builder(bed.platform).build();
        bed.own(loop::close);
        bed.simulation.add("loop", loop);
        run(new CrashTest(new PartitionOpener(loop))
                .disk(512, 160)
                .idle(() -> bed.simulation.runFor(1_000_000))
                .prepare(disks -> {
                    Disk disk = Disk.polled(bed.platform, disks.getFirst());
                    Gpt.empty(new UUID(1, 1))
                            .add(disk.info(), Gpt.LINUX_DATA, new UUID(2, 2), "data", 80 * 512)
                            .write(disk);
                    disk.detach();
                }));
    }

    /** Finds the table first, as a program would. */
    private final class PartitionOpener implements Function<List<RecordingDisk>, BlockDevice> {
        private final Loop loop;
        private @Nullable Partitions open;

        PartitionOpener(Loop loop) {
            this.loop = loop;
        }

        @Override
        public BlockDevice apply(List<RecordingDisk> disks) {
            if (open != null) {
                open.close();
            }
            Disk disk = Disk.polled(bed.platform, disks.getFirst());
            Gpt table = Gpt.read(disk);
            open = Partitions.open(bed.context, loop, disk.detach(), table);
            return open.number(1);
        }
    }

    @Test
    void aPartitionTableIsTheOldOneOrTheNewOne() {
        Gpt none = Gpt.empty(new UUID(1, 1));
        assertTrue(cutWriting(none, false) > 150);
        assertTrue(cutWriting(none, true) > 150);
    }

    /** Replaces a table of which both copies are sound, or that at the front is not. */
    private long cutWriting(Gpt empty, boolean damaged) {
        PowerLine formatting = new PowerLine();
        Disk first = Disk.polled(bed.platform, formatting.disk(512, 256));
        Gpt old = empty.add(first.info(), Gpt.LINUX_DATA, new UUID(2, 2), "old", 0);
        old.write(first);
        if (damaged) {
            first.writeZeroes(512, 512);
        }
        first.detach();
        byte[] before = formatting.disks().getFirst().contents();

        PowerLine line = new PowerLine();
        Disk disk = Disk.polled(bed.platform, line.disk(512, before, new SplittableRandom(SEED)));
        Gpt changed = empty.add(disk.info(), Gpt.EFI_SYSTEM, new UUID(3, 3), "a", 20 * 512)
                .add(disk.info(), Gpt.LINUX_DATA, new UUID(4, 4), "b", 0);
        changed.write(disk);
        return CrashTest.cut(line, SEED, 8, (left, where) -> {
            try (Disk found = Disk.polled(bed.platform, left.disks().getFirst())) {
                List<Gpt.Entry> entries = Gpt.read(found).entries();
                assertTrue(entries.equals(old.entries()) || entries.equals(changed.entries()), where);
            }
        });
    }
}
