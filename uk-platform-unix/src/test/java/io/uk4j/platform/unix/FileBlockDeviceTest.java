package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.metrics.MetricRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class FileBlockDeviceTest {
    private static final int SIZE = 256 * 1024;

    @TempDir
    private Path folder;

    private final UnixPlatform platform = UnixPlatform.builder().portable(true).build();
    private final MetricRegistry counters = new MetricRegistry();
    private final Waiter waiter = platform.newWaiter();
    private final List<Integer> statuses = new ArrayList<>();
    private Path disk = Path.of("");

    @BeforeEach
    void makeDisk() throws IOException {
        disk = folder.resolve("disk.img");
        byte[] ones = new byte[SIZE];
        Arrays.fill(ones, (byte) 1);
        Files.write(disk, ones);
    }

    @AfterEach
    void close() {
        waiter.close();
        platform.close();
    }

    @Test
    void writesFragmentsAndReadsThemBack() throws IOException {
        try (BlockDevice device = open(disk.toString())) {
            ByteBuf data = Unpooled.directBuffer(4096).writeZero(4096);
            for (int i = 0; i < 4096; i++) {
                data.setByte(i, i * 7);
            }
            run(
                    device,
                    request().transfer(Operation.WRITE, 1024).add(data, 0, 100).add(data, 100, 924));
            run(device, request().flush());
            ByteBuf read = Unpooled.directBuffer(1024);
            run(
                    device,
                    request().transfer(Operation.READ, 1024).add(read, 0, 512).add(read, 512, 512));
            assertEquals(data.slice(0, 1024), read.setIndex(0, 1024));
            byte[] file = Files.readAllBytes(disk);
            assertEquals(1, file[1023]);
            assertEquals(7, file[1025]);
            assertEquals(1, file[2048]);
            assertEquals(List.of(BlockRequest.OK, BlockRequest.OK, BlockRequest.OK), statuses);
            assertEquals(
                    1024,
                    counters.with("device", disk.toString())
                            .counter("uk_block_bytes_written_total", "")
                            .value());
        }
    }

    @Test
    void writesZeroesAcrossItsOwnBufferSize() throws IOException {
        try (BlockDevice device = open(disk.toString())) {
            run(device, request().range(Operation.WRITE_ZEROES, 512, 200 * 1024));
            run(device, request().range(Operation.DISCARD, 0, 512));
        }
        byte[] file = Files.readAllBytes(disk);
        assertEquals(1, file[511]);
        assertArrayEquals(new byte[200 * 1024], Arrays.copyOfRange(file, 512, 512 + 200 * 1024));
        assertEquals(1, file[512 + 200 * 1024]);
        assertEquals(SIZE, file.length);
    }

    @Test
    void refusesMoreThanItsQueueHoldsUntilSomeAreDelivered() {
        try (BlockDevice device = open(disk.toString())) {
            for (int i = 0; i < device.info().queueDepth(); i++) {
                assertTrue(device.submit(request().flush()));
            }
            BlockRequest oneMore = request().flush();
            assertFalse(device.submit(oneMore));
            while (device.poll(1) == 0) {
                waiter.await(platform.clock().nowNs() + 1_000_000);
            }
            assertTrue(device.submit(oneMore));
        }
        assertEquals(129, statuses.size());
    }

    @Test
    void closeCompletesEveryRequestOnce() {
        BlockDevice device = open(disk.toString());
        for (int i = 0; i < 100; i++) {
            assertTrue(device.submit(request().range(Operation.WRITE_ZEROES, 0, SIZE)));
        }
        device.close();
        device.close();
        assertEquals(Collections.nCopies(100, BlockRequest.CLOSED), statuses);
        assertThrows(DeviceException.class, () -> device.submit(request().flush()));
    }

    @Test
    void reportsAFileThatShrank() throws IOException {
        try (BlockDevice device = open(disk.toString())) {
            try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
                file.setLength(512);
            }
            run(device, request().transfer(Operation.READ, 1024).add(Unpooled.directBuffer(512), 0, 512));
        }
        assertEquals(List.of(BlockRequest.IO_ERROR), statuses);
        assertEquals(
                1,
                counters.with("device", disk.toString())
                        .counter("uk_block_errors_total", "")
                        .value());
    }

    @Test
    void refusesRequestsThatDoNotFit() {
        ByteBuf data = Unpooled.directBuffer(1024);
        try (BlockDevice device = open(disk.toString())) {
            refuses(device, request().transfer(Operation.READ, SIZE).add(data, 0, 512));
            refuses(device, request().transfer(Operation.READ, -512).add(data, 0, 512));
            refuses(device, request().transfer(Operation.READ, 100).add(data, 0, 512));
            refuses(device, request().transfer(Operation.READ, 0).add(data, 0, 100));
            refuses(device, request().transfer(Operation.WRITE, 0));
            refuses(device, request().range(Operation.WRITE_ZEROES, 512, SIZE));
            refuses(device, request().range(Operation.DISCARD, 512, Long.MAX_VALUE - 511));
        }
        try (BlockDevice device = open(disk + "?ro")) {
            assertTrue(device.info().readOnly());
            refuses(device, request().transfer(Operation.WRITE, 0).add(data, 0, 512));
            run(device, request().flush());
        }
    }

    @Test
    void oneWriterOrManyReaders() {
        try (BlockDevice writer = open(disk.toString())) {
            assertEquals(SIZE / 512, writer.info().sectors());
            String message = assertThrows(DeviceException.class, () -> open(disk.toString()))
                    .getMessage();
            assertTrue(message.contains("is in use"), message);
        }
        open(disk + "?ro").close();
        open(disk.toString()).close();
    }

    @Test
    void refusalsSayWhatToDo() throws IOException {
        assertThrows(ConfigException.class, () -> open(""));
        assertThrows(ConfigException.class, () -> open(disk + "?rw"));
        Path missing = folder.resolve("missing.img");
        String message = assertThrows(DeviceException.class, () -> open(missing.toString()))
                .getMessage();
        assertTrue(message.endsWith("Try: truncate -s 64M " + missing), message);
        assertFalse(Files.exists(missing));
        assertThrows(DeviceException.class, () -> open(folder.toString()));
        Files.write(disk, new byte[1000]);
        message =
                assertThrows(DeviceException.class, () -> open(disk.toString())).getMessage();
        assertTrue(message.contains("truncate -s %512"), message);
    }

    private void run(BlockDevice device, BlockRequest request) {
        waiter.register(device.source());
        assertTrue(device.submit(request));
        while (device.poll(8) == 0) {
            if (!device.arm()) {
                waiter.await(Duty.NO_DEADLINE);
            }
        }
    }

    private void refuses(BlockDevice device, BlockRequest request) {
        assertThrows(IllegalArgumentException.class, () -> device.submit(request));
    }

    private BlockRequest request() {
        return new BlockRequest(8, (_, status) -> statuses.add(status));
    }

    private BlockDevice open(String address) {
        return new FileBlockProvider().open(Contexts.context(platform, counters), address);
    }
}
