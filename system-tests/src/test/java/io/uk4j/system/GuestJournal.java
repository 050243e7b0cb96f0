package io.uk4j.system;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.kvm.KvmPlatform;
import io.uk4j.platform.kvm.VirtioBlockProvider;
import io.uk4j.virtio.driver.VirtioKeys;
import java.util.Objects;

/**
 * A program for the inside of a sealed image: keeps a journal of numbers on the machine's disk, a sector each. Each start says how many
 * it finds, from the first sector on without a gap, and goes on from there; a number counts as written, and is said, once it was flushed.
 */
final class GuestJournal {
    private static final int SECTOR = 512;
    private static final long MARK = 0x75_6b_34_6a_6c_6f_67_31L;

    private final KvmPlatform platform = KvmPlatform.create();
    private final PacketPool pool =
            PacketPool.builder(platform.pages()).sizeClass(4096, 4).build();
    private final BlockDevice disk = new VirtioBlockProvider()
            .open(
                    new DeviceContext(
                            platform,
                            Configs.builder().keys(new VirtioKeys().keys()).build(),
                            new MetricRegistry(),
                            pool),
                    "0");
    private final ByteBuf sector = Objects.requireNonNull(pool.tryAcquire(SECTOR));
    private int status = -1;
    private final BlockRequest request = new BlockRequest(1, (_, newStatus) -> status = newStatus);

    private GuestJournal() {}

    /** Runs until the machine ends, or the disk is full. */
    public static void main(String[] args) {
        new GuestJournal().run();
    }

    private void run() {
        long sectors = disk.info().capacityBytes() / SECTOR;
        long next = 0;
        while (next < sectors && holds(next)) {
            next++;
        }
        platform.console().write("found " + next + "\n");
        for (; next < sectors; next++) {
            sector.setLong(0, MARK);
            sector.setLong(8, next);
            sector.setLong(SECTOR - 8, ~next);
            carryOut(request.transfer(Operation.WRITE, next * SECTOR).add(sector, 0, SECTOR));
            carryOut(request.flush());
            platform.console().write("written " + (next + 1) + "\n");
        }
    }

    private boolean holds(long number) {
        carryOut(request.transfer(Operation.READ, number * SECTOR).add(sector, 0, SECTOR));
        return sector.getLong(0) == MARK && sector.getLong(8) == number && sector.getLong(SECTOR - 8) == ~number;
    }

    private void carryOut(BlockRequest prepared) {
        status = -1;
        if (!disk.submit(prepared)) {
            throw new IllegalStateException("The disk takes no request.");
        }
        while (status < 0) {
            disk.poll(1);
        }
        if (status != BlockRequest.OK) {
            throw new IllegalStateException("The disk failed: " + status);
        }
    }
}
