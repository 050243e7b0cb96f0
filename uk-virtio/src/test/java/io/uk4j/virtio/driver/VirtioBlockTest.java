package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the block driver makes of its device: limits, failures, time, and all that it can do wrong. */
class VirtioBlockTest {
    private final List<Integer> statuses = new ArrayList<>();

    private BlockRequest request() {
        return new BlockRequest(8, (_, status) -> statuses.add(status));
    }

    private static ByteBuf buffer(ModelDisk disk, int bytes) {
        ByteBuf buffer = disk.pool.tryAcquire(bytes);
        assertNotNull(buffer);
        return buffer.setZero(buffer.readerIndex(), bytes);
    }

    private BlockRequest write(ModelDisk disk, int sector, ByteBuf buffer, int bytes) {
        BlockRequest request =
                request().transfer(Operation.WRITE, sector * 512L).add(buffer, buffer.readerIndex(), bytes);
        assertTrue(disk.device.submit(request));
        return request;
    }

    @Test
    void requestsBeyondTheDevicesLimitsAreDoneInPieces() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL, 2, 1024)) {
            Arrays.fill(disk.contents, (byte) 7);
            ByteBuf buffer = buffer(disk, 8192);
            assertTrue(disk.device.submit(
                    request().transfer(Operation.READ, 512).add(buffer, buffer.readerIndex(), 5120)));
            while (statuses.isEmpty()) {
                disk.device.poll(1);
            }
            assertEquals(List.of("read 1 2048", "read 5 2048", "read 9 1024"), disk.log);
            for (int i = 0; i < 5120; i++) {
                assertEquals(7, buffer.getByte(buffer.readerIndex() + i));
            }
            disk.log.clear();
            assertTrue(disk.device.submit(request().range(Operation.DISCARD, 0, 20 * 512)));
            assertTrue(disk.device.submit(request().range(Operation.WRITE_ZEROES, 512 * 100, 9 * 512)));
            while (statuses.size() < 3) {
                disk.device.poll(10);
            }
            assertEquals(
                    List.of("discard 0 4096", "zero 100 4096", "discard 8 4096", "zero 108 512", "discard 16 2048"),
                    disk.log);
            assertEquals(List.of(0, 0, 0), statuses);
            buffer.release();
        }
    }

    @Test
    void aDeviceWithoutThemHasZerosWrittenAndFlushesAndDiscardsDoneForIt() {
        try (ModelDisk disk = new ModelDisk(Features.VERSION_1)) {
            Arrays.fill(disk.contents, (byte) 7);
            assertFalse(disk.device.info().discard());
            assertTrue(disk.device.submit(request().range(Operation.WRITE_ZEROES, 512, 1024)));
            assertTrue(disk.device.submit(request().flush()));
            assertTrue(disk.device.submit(request().range(Operation.DISCARD, 0, 512)));
            while (statuses.size() < 3) {
                disk.device.poll(10);
            }
            assertEquals(List.of("write 1 1024"), disk.log);
            assertEquals(0, disk.contents[512]);
            assertEquals(7, disk.contents[0]);
            assertEquals(List.of(0, 0, 0), statuses);
        }
    }

    @Test
    void failuresOfTheDeviceAreFailuresOfTheRequestAlone() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            ByteBuf buffer = buffer(disk, 512);
            for (int status : new int[] {1, 2, 0}) {
                disk.status = status;
                write(disk, 0, buffer, 512);
                disk.device.poll(1);
            }
            assertEquals(List.of(BlockRequest.IO_ERROR, BlockRequest.IO_ERROR, BlockRequest.OK), statuses);
            assertEquals(1, disk.transport.resets);
            buffer.release();
        }
    }

    @Test
    void aStatusThatDoesNotExistStartsTheDeviceAgainAndTheRequestTwice() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            ByteBuf buffer = buffer(disk, 512);
            disk.status = 77;
            write(disk, 3, buffer, 512);
            assertEquals(0, disk.device.poll(1));
            disk.status = 0;
            for (int i = 0; i < 3; i++) {
                disk.device.poll(1);
            }
            assertEquals(List.of("write 3 512", "write 3 512"), disk.log);
            assertEquals(List.of(0), statuses);
            assertEquals(2, disk.transport.resets);
            buffer.release();
        }
    }

    @Test
    void whatIsUnderWayAtAResetIsGivenAgainOnceAndInOrder() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            disk.asleep = true;
            List<ByteBuf> buffers = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                ByteBuf buffer = buffer(disk, 512);
                buffer.setByte(buffer.readerIndex(), i + 1);
                buffers.add(buffer);
                write(disk, i * 3, buffer, 512);
                expected.add("write " + i * 3 + " 512");
            }
            assertTrue(disk.device.submit(request().flush()));
            expected.add("flush");
            disk.transport.raise(VirtioTransport.NEEDS_RESET);
            disk.device.arm();
            disk.asleep = false;
            for (int i = 0; i < 5; i++) {
                disk.device.poll(100);
            }
            assertEquals(expected, disk.log);
            assertEquals(21, statuses.size());
            assertTrue(statuses.stream().allMatch(status -> status == BlockRequest.OK));
            for (int i = 0; i < 20; i++) {
                assertEquals(i + 1, disk.contents[i * 3 * 512]);
            }
            buffers.forEach(ByteBuf::release);
        }
    }

    @Test
    void requestsGoToAllQueuesInTurn() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL | BlockFeatures.MQ, "uk.virtio.queues=3")) {
            assertTrue(disk.device.describe().contains(", 3 of split queues of 64,"), disk.device.describe());
            assertEquals(3 * 64, disk.device.info().queueDepth());
            ByteBuf buffer = buffer(disk, 512);
            for (int i = 0; i < 30; i++) {
                write(disk, i, buffer, 512);
            }
            while (statuses.size() < 30) {
                disk.device.poll(7);
            }
            assertArrayEquals(new int[] {10, 10, 10, 0}, disk.done);
            buffer.release();
        }
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL | BlockFeatures.MQ)) {
            assertEquals(0, disk.transport.accepted & BlockFeatures.MQ, "one is the default");
        }
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL | BlockFeatures.MQ, "uk.virtio.queues=64")) {
            assertEquals(ModelDisk.QUEUES, disk.transport.connected());
        }
    }

    @Test
    void afterAResetEachQueueGivesItsRequestsOnceAndInOrder() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL | BlockFeatures.MQ, "uk.virtio.queues=2")) {
            disk.asleep = true;
            ByteBuf buffer = buffer(disk, 512);
            for (int i = 0; i < 6; i++) {
                write(disk, i, buffer, 512);
            }
            disk.device.poll(1);
            disk.transport.raise(VirtioTransport.NEEDS_RESET);
            disk.device.arm();
            disk.asleep = false;
            while (statuses.size() < 6) {
                disk.device.poll(1);
            }
            assertEquals(
                    List.of("write 0 512", "write 2 512", "write 4 512", "write 1 512", "write 3 512", "write 5 512"),
                    disk.log);
            buffer.release();
        }
    }

    @Test
    void aRequestThatTakesTooLongIsGivenAgainAndInTheEndFails() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL, "uk.virtio.block.timeout=1s")) {
            ByteBuf buffer = buffer(disk, 512);
            disk.asleep = true;
            write(disk, 0, buffer, 512);
            long start = disk.platform.clock().nowNs();
            while (statuses.isEmpty()) {
                disk.device.poll(1);
                long next = statuses.isEmpty() ? disk.device.nextDeadlineNs() : 0;
                disk.platform.simulation.runFor(Math.max(
                        0,
                        Math.min(next, start + 100_000_000_000L)
                                - disk.platform.clock().nowNs()));
                assertTrue(disk.platform.clock().nowNs() < start + 60_000_000_000L, "for good");
            }
            assertEquals(List.of(BlockRequest.IO_ERROR), statuses);
            assertEquals(BlockQueue.ATTEMPTS, disk.transport.resets - 1);
            disk.asleep = false;
            write(disk, 0, buffer, 512);
            for (int i = 0; i < 3; i++) {
                disk.device.poll(1);
            }
            assertEquals(List.of(BlockRequest.IO_ERROR, BlockRequest.OK), statuses);
            buffer.release();
        }
    }

    @Test
    void whatFindsNoRoomAtARestartIsGivenLater() {
        long plain = ModelDisk.ALL & ~Features.INDIRECT_DESC;
        for (int smallOnes = 3; smallOnes <= 5; smallOnes++) {
            statuses.clear();
            try (ModelDisk disk = new ModelDisk(plain, 12, 512, "uk.virtio.queue.size=16")) {
                disk.asleep = true;
                ByteBuf buffer = buffer(disk, 12 * 512);
                for (int i = 0; i < smallOnes; i++) {
                    write(disk, i, buffer, 512);
                }
                // The second large one finds more room than the first one did, and takes it.
                boolean hasFirst = disk.device.submit(large(buffer));
                disk.asleep = false;
                disk.budget = smallOnes;
                disk.work();
                disk.device.poll(smallOnes);
                boolean hasSecond = disk.device.submit(large(buffer));
                assertEquals(smallOnes, statuses.size());
                disk.transport.raise(VirtioTransport.NEEDS_RESET);
                disk.device.arm();
                disk.device.poll(100);
                disk.budget = Integer.MAX_VALUE;
                int expected = smallOnes + (hasFirst ? 1 : 0) + (hasSecond ? 1 : 0);
                for (int i = 0; i < 200 && statuses.size() < expected; i++) {
                    disk.work();
                    disk.device.poll(100);
                }
                assertEquals(expected, statuses.size(), "after " + smallOnes);
                assertTrue(statuses.stream().allMatch(status -> status == BlockRequest.OK), statuses.toString());
                assertFalse(disk.log.stream().anyMatch(line -> line.endsWith(" 0")), disk.log.toString());
                buffer.release();
            }
        }
    }

    private BlockRequest large(ByteBuf buffer) {
        return request().transfer(Operation.WRITE, 8192).add(buffer, buffer.readerIndex(), 12 * 512);
    }

    @Test
    void describesItselfWithoutAskingADeviceThatIsAway() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            disk.transport.config.putShort(BlockFeatures.CONFIG_CYLINDERS, (short) 77);
            disk.transport.absent = true;
            disk.transport.raise(VirtioTransport.NEEDS_RESET);
            disk.device.arm();
            disk.device.poll(1);
            String told = disk.device.describe();
            assertTrue(told.contains("0 cylinders") && told.contains("waiting for the device to come back"), told);
        }
    }

    @Test
    void pollCountsWhatItDeliveredBeforeTheDeviceBrokeTheRules() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            ByteBuf buffer = buffer(disk, 512);
            write(disk, 0, buffer, 512);
            disk.device.arm();
            disk.status = 77;
            write(disk, 1, buffer, 512);
            disk.device.arm();
            assertEquals(1, disk.device.poll(10));
            assertEquals(List.of(0), statuses);
            disk.status = 0;
            disk.device.poll(1);
            disk.device.poll(1);
            buffer.release();
        }
    }

    @Test
    void aDeviceThatComesBackSmallerIsRefused() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            disk.transport.config.putLong(BlockFeatures.CONFIG_CAPACITY, 10);
            disk.transport.raise(VirtioTransport.NEEDS_RESET);
            disk.device.arm();
            DeviceException e = assertThrows(DeviceException.class, () -> disk.device.poll(1));
            assertTrue(e.getMessage().contains("10 sectors, fewer than the 256"), e.getMessage());
        }
    }

    @Test
    void limitsThatMakeNoSenseAreNamed() {
        DeviceException e = assertThrows(DeviceException.class, () -> new ModelDisk(ModelDisk.ALL, 0, 4096));
        assertTrue(e.getMessage().contains("room for no segment"), e.getMessage());
        e = assertThrows(DeviceException.class, () -> new ModelDisk(ModelDisk.ALL, 4, 100));
        assertTrue(e.getMessage().contains("a longest segment of 100 bytes"), e.getMessage());
    }

    @Test
    void largerBlocksAreTheUnit() {
        ModelDisk[] made = new ModelDisk[1];
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL)) {
            made[0] = disk;
            assertEquals(512, disk.device.info().sectorBytes());
            assertEquals(256, disk.device.info().sectors());
            assertEquals(6, disk.device.info().maxFragments());
        }
        assertFalse(made[0].transport.started);
    }

    @Test
    void fragmentsOfOddLengthsAreOneRange() {
        try (ModelDisk disk = new ModelDisk(ModelDisk.ALL, 4, 512)) {
            ByteBuf buffer = buffer(disk, 4096);
            int start = buffer.readerIndex();
            byte[] data = new byte[2048];
            for (int i = 0; i < data.length; i++) {
                data[i] = (byte) (i * 11);
            }
            buffer.setBytes(start, data);
            BlockRequest request = request()
                    .transfer(Operation.WRITE, 0)
                    .add(buffer, start, 700)
                    .add(buffer, start + 700, 1)
                    .add(buffer, start + 701, 1347);
            assertTrue(disk.device.submit(request));
            for (int i = 0; i < 10 && statuses.isEmpty(); i++) {
                disk.device.poll(1);
            }
            assertEquals(List.of(0), statuses);
            assertArrayEquals(data, Arrays.copyOf(disk.contents, 2048));
            assertTrue(disk.log.size() > 1, disk.log.toString());
            buffer.release();
        }
    }
}
