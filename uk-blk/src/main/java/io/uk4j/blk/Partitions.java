package io.uk4j.blk;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.SignalSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of a disk as block devices, which share it. A flush of one makes the writes of all durable.
 *
 * <p>Crash consistency: that of the device below, for each partition.
 *
 * <p>Thread rule: loop-owned, the partitions too. It owns the device below and closes it.
 */
public final class Partitions implements AutoCloseable {
    private static final int BATCH = 64;

    private final EventLoop loop;
    private final Below below;
    private final Duty duty = new DiskDuty();
    private final List<Partition> partitions = new ArrayList<>();
    private boolean closed;

    private Partitions(EventLoop loop, DeviceContext context, BlockDevice device, Gpt table) {
        this.loop = loop;
        below = new Below(device);
        for (Gpt.Entry entry : table.entries()) {
            partitions.add(new Partition(context, entry, new SignalSource()));
        }
    }

    /**
     * Opens all partitions of a disk. The loop polls the disk from now on.
     *
     * @param context gives counters
     * @param loop on which this is called, and all partitions are used
     * @param device not used by anyone else from now on
     * @param table what {@link Gpt#read} found on that device
     * @throws IllegalArgumentException if the table has partitions that reach beyond the device; it stays with the caller
     */
    public static Partitions open(DeviceContext context, EventLoop loop, BlockDevice device, Gpt table) {
        for (Gpt.Entry entry : table.entries()) {
            if (entry.lastSector() >= device.info().sectors()) {
                throw new IllegalArgumentException(
                        "Partition " + entry.number() + " ends at sector " + entry.lastSector()
                                + ", beyond the " + device.info().sectors() + " of "
                                + device.info().name() + ".");
            }
        }
        Partitions partitions = new Partitions(loop, context, device, table);
        loop.waiter().register(device.source());
        loop.add(partitions.duty);
        return partitions;
    }

    /**
     * A partition.
     *
     * @param number as in the table
     * @throws DiskException if there is none of this number; lists those that there are
     */
    public BlockDevice number(int number) {
        for (Partition partition : partitions) {
            if (partition.entry.number() == number) {
                return partition;
            }
        }
        throw missing("number " + number);
    }

    /**
     * A partition.
     *
     * @param name as in the table
     * @throws DiskException if there is none of this name, or several; lists those that there are
     */
    public BlockDevice name(String name) {
        List<Partition> found = partitions.stream()
                .filter(partition -> partition.entry.name().equals(name))
                .toList();
        if (found.size() != 1) {
            throw missing("name " + name);
        }
        return found.getFirst();
    }

    private DiskException missing(String what) {
        List<String> all = partitions.stream()
                .map(partition -> partition.entry.number() + " " + partition.entry.name())
                .toList();
        return new DiskException(
                below.device().info().name() + " has not exactly one partition of the " + what + ".",
                all.isEmpty() ? "It has none at all." : "It has: " + String.join(", ", all) + ".",
                null);
    }

    /** Closes all partitions and the disk. What is under way is completed with {@link BlockRequest#CLOSED}. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        loop.remove(duty);
        loop.waiter().unregister(below.device().source());
        below.close();
        partitions.forEach(Partition::close);
    }

    private final class DiskDuty implements Duty {
        @Override
        public int poll(long nowNs) {
            return below.poll(BATCH);
        }

        @Override
        public long nextDeadlineNs() {
            return below.gone() == null ? below.device().nextDeadlineNs() : NO_DEADLINE;
        }

        @Override
        public boolean arm() {
            return below.arm();
        }
    }

    private final class Partition extends Layer {
        private final Gpt.Entry entry;
        private final long startBytes;
        private final SignalSource signal;
        private int underWay;

        Partition(DeviceContext context, Gpt.Entry entry, SignalSource signal) {
            super(partOf(below.device().info(), entry), context.counters(), signal);
            this.entry = entry;
            this.signal = signal;
            startBytes = entry.firstSector() * below.device().info().sectorBytes();
            fill(Shifted::new);
        }

        private final class Shifted extends Op {
            private final BlockRequest shifted = new BlockRequest(info().maxFragments(), (_, status) -> ended(status));

            @Override
            void start() {
                BlockRequest request = request();
                switch (request.operation()) {
                    case FLUSH -> shifted.flush();
                    case DISCARD, WRITE_ZEROES ->
                        shifted.range(request.operation(), startBytes + request.offsetBytes(), request.lengthBytes());
                    case READ, WRITE -> {
                        shifted.transfer(request.operation(), startBytes + request.offsetBytes());
                        Fragments.add(request, 0, request.lengthBytes(), shifted);
                    }
                }
                underWay++;
                below.submit(shifted);
            }

            private void ended(int status) {
                underWay--;
                finish(this, status == BlockRequest.OK ? BlockRequest.OK : BlockRequest.IO_ERROR);
                signal.signal();
            }
        }

        @Override
        @Nullable
        DeviceException failure() {
            return below.gone();
        }

        /**
         * The disk has the buffers of what is under way until it is done with them, and goes on for the others. So this stands still until
         * then; what a {@link RequestQueue} below keeps for a retry takes as long as that.
         */
        @Override
        void beforeClose() {
            while (underWay > 0) {
                below.poll(BATCH);
                Thread.onSpinWait();
            }
        }

        @Override
        String line() {
            return "partition " + entry.number() + " of "
                    + below.device().info().name() + ", sectors " + entry.firstSector() + " to " + entry.lastSector();
        }
    }

    private static BlockDeviceInfo partOf(BlockDeviceInfo disk, Gpt.Entry entry) {
        return new BlockDeviceInfo(
                disk.name() + ":" + entry.number(),
                disk.sectorBytes(),
                entry.sectors(),
                disk.readOnly(),
                Math.min(disk.maxFragments(), Layer.FRAGMENT_LIMIT),
                Math.min(disk.queueDepth(), Layer.DEPTH_LIMIT),
                disk.discard());
    }
}
