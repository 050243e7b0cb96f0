package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.TestPool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything on top of each other, over files and with real threads: cache, queue, encryption, mirror, and checksums on each leg. */
class WholeStackIT {
    private static final int BLOCK = 4096;
    private static final byte[] KEY =
            HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

    @TempDir
    private Path folder;

    @BeforeEach
    void makeFiles() throws IOException {
        for (String name : List.of("a.img", "b.img")) {
            try (RandomAccessFile file =
                    new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
                file.setLength(16 << 20);
            }
        }
    }

    /** A platform and what is open on it. */
    private final class Host implements AutoCloseable {
        final UnixPlatform platform = UnixPlatform.create();
        final MetricRegistry counters = new MetricRegistry();
        final DeviceContext context = new DeviceContext(
                platform, Configs.builder().keys(new BlkKeys().keys()).build(), counters, new TestPool(1, 2048));

        BlockDevice file(String name) {
            return BlockDevices.open(context, "file:" + folder.resolve(name));
        }

        void format() {
            BlockDevice a = file("a.img");
            BlockDevice b = file("b.img");
            ChecksummedDisk.format(context, a, false);
            ChecksummedDisk.format(context, b, false);
            ChecksummedDisk left = ChecksummedDisk.open(context, a);
            ChecksummedDisk right = ChecksummedDisk.open(context, b);
            Mirror.format(context, left, right, new UUID(1, 2), false);
            left.close();
            right.close();
        }

        BlockDevice open() {
            Mirror mirror = Mirror.open(
                    context,
                    ChecksummedDisk.open(context, file("a.img")),
                    ChecksummedDisk.open(context, file("b.img")));
            BlockDevice encrypted = EncryptedDisk.over(context, mirror, KEY);
            return WriteBackCache.over(context, RequestQueue.over(context, encrypted));
        }

        long counter(String name) {
            long[] sum = {0};
            counters.forEach((found, labels, help, counter, value) -> sum[0] += found.equals(name) ? value : 0);
            return sum[0];
        }

        @Override
        public void close() {
            platform.close();
        }
    }

    private static byte[] block(int number, int round) {
        byte[] bytes = new byte[BLOCK];
        new Random(number * 1000L + round).nextBytes(bytes);
        return bytes;
    }

    @Test
    void threadsWriteAndFlushAndFindItAgainWithOneLegDamaged() throws Exception {
        try (Host host = new Host()) {
            host.format();
            try (Loop loop = Loop.builder(host.platform).build().start();
                    Disk disk = Disk.on(loop, host.open())) {
                writeFromThreads(disk);
                assertTrue(host.counters.text().contains("a.img+crc+mirror+xts+queue+cache"));
            }
        }
        byte[] leg = Files.readAllBytes(folder.resolve("a.img"));
        byte[] clear = block(3, 19);
        assertTrue(indexOf(leg, Arrays.copyOf(clear, 64)) < 0, "what is on the disk can be read");
        try (Host host = new Host();
                Loop loop = Loop.builder(host.platform).build().start();
                Disk disk = Disk.on(loop, host.open())) {
            damage();
            ByteBuf buffer = Unpooled.directBuffer(BLOCK, BLOCK);
            for (int number = 0; number < 64; number++) {
                disk.read((long) number * BLOCK, buffer, 0, BLOCK);
                byte[] found = new byte[BLOCK];
                buffer.getBytes(0, found);
                assertArrayEquals(block(number, 19), found, "block " + number);
            }
            buffer.release();
            assertTrue(host.counter("uk_blk_checksum_errors_total") > 0, "the damage was not met");
            assertEquals(0, host.counter("uk_blk_mirror_failed_legs_total"));
        }
    }

    private static void writeFromThreads(Disk disk) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int first = thread * 8;
                tasks.add(() -> {
                    ByteBuf buffer = Unpooled.directBuffer(BLOCK, BLOCK);
                    for (int round = 0; round < 20; round++) {
                        for (int number = first; number < first + 8; number++) {
                            buffer.setBytes(0, block(number, round));
                            disk.write((long) number * BLOCK, buffer, 0, BLOCK);
                        }
                        disk.flush();
                    }
                    return buffer.release();
                });
            }
            for (Future<Boolean> done : threads.invokeAll(tasks)) {
                assertTrue(done.get());
            }
        }
    }

    /** Changes a byte in each block of the first leg, behind its table, while it is open. */
    private void damage() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("a.img").toFile(), "rw")) {
            long start = 1 << 20;
            for (long at = 0; at < 15L << 20; at += BLOCK) {
                file.seek(start + at + 1000);
                int value = file.read();
                file.seek(start + at + 1000);
                file.write(value ^ 0x10);
            }
        }
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int i = 0; i <= in.length - what.length; i++) {
            if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        return -1;
    }
}
