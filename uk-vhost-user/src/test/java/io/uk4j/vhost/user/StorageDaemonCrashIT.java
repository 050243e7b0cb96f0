package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** qemu-storage-daemon is killed in the middle of work, comes back, and nothing is lost. */
class StorageDaemonCrashIT {
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 512;
    private static final int DEPTH = 16;
    private static final int WRITES = 20_000;
    private static final int KILLS = 5;

    @TempDir
    private Path folder;

    private final UnixPlatform platform = UnixPlatform.create();
    private final MetricRegistry counters = new MetricRegistry();
    private final PacketPool pool = PacketPool.builder(platform.pages())
            .headroomBytes(0)
            .sizeClass(BLOCK_BYTES, 2 * DEPTH)
            .build();
    private final Waiter waiter = platform.newWaiter();

    /** What each block must hold: the number of the last write to it; blocks are written by one request at a time. */
    private final int[] expected = new int[BLOCKS];

    private final boolean[] busy = new boolean[BLOCKS];
    private int started;
    private int completed;
    private int flushes;
    private int failed;

    @BeforeEach
    void makeDisk() throws IOException {
        Requirements.commands("qemu-storage-daemon");
        Files.write(folder.resolve("disk.img"), new byte[BLOCKS * BLOCK_BYTES]);
    }

    @AfterEach
    void close() {
        waiter.close();
        pool.close();
        platform.close();
    }

    private BlockDevice open(StorageDaemon daemon) {
        return new VhostUserBlockProvider()
                .open(Contexts.context(platform, counters, pool, "uk.vhost.timeout=10s"), daemon.socket());
    }

    @Test
    void killedInTheMiddleItLosesNothingAndEachRequestCompletesOnce() throws IOException {
        long seed = 20_261_126L;
        Random random = new Random(seed);
        try (StorageDaemon daemon = new StorageDaemon(folder, "on");
                BlockDevice device = open(daemon)) {
            waiter.register(device.source());
            Slot[] slots = new Slot[DEPTH];
            for (int i = 0; i < DEPTH; i++) {
                slots[i] = new Slot();
            }
            int kills = 0;
            while (completed < WRITES) {
                for (Slot slot : slots) {
                    if (slot.idle && started < WRITES) {
                        slot.next(device, random);
                    }
                }
                if (kills < KILLS && completed > (kills + 1) * WRITES / (KILLS + 1)) {
                    kills++;
                    daemon.kill();
                    daemon.restart();
                }
                pollOrWait(device);
            }
            assertEquals(0, failed, "seed " + seed);
            assertTrue(flushes > 100);
            assertTrue(counters.text().contains("uk_virtio_restarts_total{device=\"blk\"} " + KILLS), counters.text());
            finish(device);
            waiter.unregister(device.source());
            for (Slot slot : slots) {
                slot.buffer.release();
            }
        }
        byte[] disk = Files.readAllBytes(folder.resolve("disk.img"));
        for (int block = 0; block < BLOCKS; block++) {
            for (int at = 0; at < BLOCK_BYTES; at++) {
                assertEquals(
                        pattern(expected[block], at),
                        disk[block * BLOCK_BYTES + at],
                        "block " + block + ", seed " + seed);
            }
        }
    }

    private void pollOrWait(BlockDevice device) {
        if (device.poll(DEPTH) == 0 && !device.arm()) {
            long deadline = platform.clock().nowNs() + 20_000_000_000L;
            long next = device.nextDeadlineNs();
            boolean woken = waiter.await(Math.min(next, deadline));
            assertTrue(woken || next < deadline, "nothing for 20 s");
        }
    }

    private void finish(BlockDevice device) {
        boolean[] done = {false};
        BlockRequest flush = new BlockRequest(1, (_, status) -> {
            assertEquals(BlockRequest.OK, status);
            done[0] = true;
        });
        assertTrue(device.submit(flush.flush()));
        while (!done[0]) {
            pollOrWait(device);
        }
    }

    private static byte pattern(int number, int at) {
        return number == 0 ? 0 : (byte) (number * 31 + at * 7 + 1);
    }

    /** One request after the other: writes, and now and then a flush. */
    private final class Slot {
        final ByteBuf buffer = pool.tryAcquire(BLOCK_BYTES);
        final BlockRequest request = new BlockRequest(1, this::ended);
        boolean idle = true;
        int block = -1;

        void next(BlockDevice device, Random random) {
            if (random.nextInt(50) == 0) {
                idle = !device.submit(request.flush());
                return;
            }
            int wanted = random.nextInt(BLOCKS);
            if (busy[wanted]) {
                return;
            }
            int number = started + 1;
            assertNotNull(buffer);
            for (int at = 0; at < BLOCK_BYTES; at++) {
                buffer.setByte(at, pattern(number, at));
            }
            request.transfer(Operation.WRITE, (long) wanted * BLOCK_BYTES).add(buffer, 0, BLOCK_BYTES);
            if (device.submit(request)) {
                idle = false;
                block = wanted;
                busy[wanted] = true;
                expected[wanted] = number;
                started++;
            }
        }

        private void ended(BlockRequest ended, int status) {
            assertTrue(!idle, "a request completes once");
            idle = true;
            failed += status == BlockRequest.OK ? 0 : 1;
            if (ended.operation() == Operation.FLUSH) {
                flushes++;
            } else {
                busy[block] = false;
                completed++;
            }
        }
    }

    @Test
    void whileItIsAwayRequestsAreRefusedAndThenTakenAgain() {
        StorageDaemon daemon = new StorageDaemon(folder, "on");
        try (daemon;
                BlockDevice device = open(daemon)) {
            waiter.register(device.source());
            daemon.kill();
            BlockRequest read = new BlockRequest(1, (_, status) -> completed += status == BlockRequest.OK ? 1 : 100);
            ByteBuf buffer = pool.tryAcquire(BLOCK_BYTES);
            assertNotNull(buffer);
            read.transfer(Operation.READ, 0).add(buffer, 0, BLOCK_BYTES);
            Awaiting.until("the driver to notice", () -> {
                device.arm();
                return device.nextDeadlineNs() != Duty.NO_DEADLINE;
            });
            assertTrue(!device.submit(read));
            assertEquals(0, device.poll(1));
            daemon.restart();
            Awaiting.until("the device to be back", () -> {
                device.poll(1);
                return device.submit(read);
            });
            while (completed == 0) {
                pollOrWait(device);
            }
            assertEquals(1, completed);
            assertTrue(device.describe().contains("settled"), device.describe());
            waiter.unregister(device.source());
            buffer.release();
        }
        DeviceException gone = assertThrows(DeviceException.class, () -> open(daemon));
        assertTrue(gone.getMessage().contains("start the other side"), gone.getMessage());
    }
}
