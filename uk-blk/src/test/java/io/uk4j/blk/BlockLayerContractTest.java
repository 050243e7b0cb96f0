package io.uk4j.blk;

import io.uk4j.sched.Loop;
import io.uk4j.testkit.BlockDeviceContract;
import java.util.UUID;
import org.junit.jupiter.api.Nested;

/** The contract of block devices, kept by everything that is one here. */
class BlockLayerContractTest {
    @Nested
    class Ram extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            return new LayerFixture(bed, bed.ram(512, 256), null);
        }
    }

    @Nested
    class RamOfLargeSectors extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            return new LayerFixture(bed, bed.ram(4096, 64), null);
        }
    }

    @Nested
    class Queue extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed("uk.blk.queue.depth=16");
            return new LayerFixture(bed, RequestQueue.over(bed.context, bed.ram(512, 256)), null);
        }
    }

    @Nested
    class QueueThatMergesNothing extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed("uk.blk.queue.merge=0");
            return new LayerFixture(bed, RequestQueue.over(bed.context, bed.ram(512, 256)), null);
        }
    }

    @Nested
    class Cache extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            return new LayerFixture(bed, WriteBackCache.over(bed.context, bed.ram(512, 260)), null);
        }
    }

    /** Fewer blocks than the suite uses, and one of them dirty at most. */
    @Nested
    class SmallestCache extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed("uk.blk.cache.bytes=64K", "uk.blk.cache.dirty=1");
            return new LayerFixture(bed, WriteBackCache.over(bed.context, bed.ram(4096, 256)), null);
        }
    }

    @Nested
    class QueueOverCacheOverQueue extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed("uk.blk.cache.bytes=64K");
            RequestQueue lower = RequestQueue.over(bed.context, bed.ram(512, 260));
            return new LayerFixture(bed, RequestQueue.over(bed.context, WriteBackCache.over(bed.context, lower)), null);
        }
    }

    @Nested
    class OnePartition extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            Loop loop = Loop.builder(bed.platform).build();
            bed.simulation.add("loop", loop);
            RamDisk disk = bed.ram(512, 512);
            Gpt table = Gpt.empty(new UUID(1, 2))
                    .add(disk.info(), Gpt.LINUX_DATA, new UUID(3, 4), "first", 100 * 512)
                    .add(disk.info(), Gpt.LINUX_DATA, new UUID(5, 6), "second", 0);
            Partitions partitions = Partitions.open(bed.context, loop, disk, table);
            bed.own(loop::close);
            bed.own(partitions::close);
            return new LayerFixture(bed, partitions.name("second"), null);
        }
    }
}
