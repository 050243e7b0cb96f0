package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Pages;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.queue.Virtqueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a front end may ask of a disk that is served, request by request and as they should not be. */
class ServedDiskTest {
    private static final int SECTORS = 4096;
    private static final int OK = 0;
    private static final int IO_ERROR = 1;
    private static final int UNSUPPORTED = 2;

    @TempDir
    private Path folder;

    private Path image;
    private Path socket;

    @BeforeEach
    void prepare() throws IOException {
        image = folder.resolve("an-image.img");
        socket = folder.resolve("disk.sock");
        byte[] contents = new byte[SECTORS * 512];
        new Random(3).nextBytes(contents);
        Files.write(image, contents);
    }

    /** A front end without a driver: each chain is what a test makes of it. */
    private final class RawFront implements AutoCloseable {
        private final UnixPlatform platform = UnixPlatform.create();
        private final VhostUserTransport transport =
                new VhostUserTransport(socket.toString(), LocalConfig.block(), platform.pages(), 5_000_000_000L);
        private final Pages data = platform.pages().allocate(1 << 20, 4096);
        final MemorySegment memory = data.segment();
        private final Virtqueue queue;
        private final QueueLink link;

        RawFront(int number) {
            transport.reset();
            long features = transport.offeredFeatures() & (Features.VERSION_1 | Features.INDIRECT_DESC);
            transport.accept(features);
            queue = Virtqueue.create(256, features, platform.pages().allocate(Virtqueue.bytes(256, features), 4096));
            link = transport.connect(number, queue.areas());
            transport.start();
        }

        long capacitySectors() {
            return transport.config(0, 8);
        }

        int queues() {
            return (int) transport.config(34, 2);
        }

        /** Asks with {@code readable} bytes from the start of the memory and {@code writable} ones from its middle. */
        void ask(int readable, int writable) {
            if (readable > 0) {
                queue.add(data.deviceAddress(), readable, false);
            }
            if (writable > 0) {
                queue.add(data.deviceAddress() + (1 << 19), writable, true);
            }
            queue.end();
            queue.publish();
            if (queue.needsKick()) {
                link.kick();
            }
        }

        /** Asks by a header and the bytes behind it, and returns the status. */
        int status(int type, long sector, int dataBytes, int writable) {
            memory.set(ValueLayout.JAVA_INT, 0, type);
            memory.set(ValueLayout.JAVA_LONG, 8, sector);
            memory.set(ValueLayout.JAVA_BYTE, (1 << 19) + writable - 1L, (byte) 77);
            ask(16 + dataBytes, writable);
            Awaiting.until("an answer", () -> queue.poll() != Virtqueue.NONE);
            assertEquals(writable, queue.usedBytes());
            return memory.get(ValueLayout.JAVA_BYTE, (1 << 19) + writable - 1L);
        }

        boolean isGone() {
            return transport.pollEvents() != 0;
        }

        @Override
        public void close() {
            transport.close();
            platform.close();
        }
    }

    @Test
    void doesWhatIsAskedFor() throws IOException {
        try (ServedDisk served = new ServedDisk(image, socket);
                RawFront front = new RawFront(0)) {
            assertEquals(SECTORS, front.capacitySectors());
            assertEquals(4, front.queues());
            byte[] contents = Files.readAllBytes(image);
            // More than goes through the buffer of a request at once.
            assertEquals(OK, front.status(0, 100, 0, 300 * 512 + 1));
            byte[] read = new byte[300 * 512];
            MemorySegment.copy(front.memory, ValueLayout.JAVA_BYTE, 1 << 19, read, 0, read.length);
            assertArrayEquals(Arrays.copyOfRange(contents, 100 * 512, 400 * 512), read);

            byte[] fresh = new byte[200 * 512];
            new Random(5).nextBytes(fresh);
            MemorySegment.copy(fresh, 0, front.memory, ValueLayout.JAVA_BYTE, 16, fresh.length);
            assertEquals(OK, front.status(1, 50, fresh.length, 1));
            assertEquals(OK, front.status(4, 0, 0, 1));
            assertArrayEquals(fresh, Arrays.copyOfRange(Files.readAllBytes(image), 50 * 512, 250 * 512));

            front.memory.set(ValueLayout.JAVA_LONG, 16, 60);
            front.memory.set(ValueLayout.JAVA_INT, 24, 10);
            front.memory.set(ValueLayout.JAVA_INT, 28, 0);
            assertEquals(OK, front.status(13, 0, 16, 1));
            assertArrayEquals(new byte[10 * 512], Arrays.copyOfRange(Files.readAllBytes(image), 60 * 512, 70 * 512));

            assertEquals(OK, front.status(8, 0, 0, 21));
            byte[] id = new byte[20];
            MemorySegment.copy(front.memory, ValueLayout.JAVA_BYTE, 1 << 19, id, 0, 20);
            assertTrue(new String(id, StandardCharsets.US_ASCII).endsWith("an-image.img"));
            assertEquals(0, served.counter("uk_vhost_violations_total"));
        }
    }

    @Test
    void usesWhicheverQueueTheFrontEndUses() {
        try (ServedDisk _ = new ServedDisk(image, socket);
                RawFront front = new RawFront(3)) {
            assertEquals(OK, front.status(0, 0, 0, 513));
        }
    }

    @Test
    void answersNonsenseWithAnError() {
        try (ServedDisk served = new ServedDisk(image, socket);
                RawFront front = new RawFront(0)) {
            assertEquals(UNSUPPORTED, front.status(99, 0, 0, 1));
            assertEquals(UNSUPPORTED, front.status(-1, 0, 0, 1));
            assertEquals(IO_ERROR, front.status(0, SECTORS, 0, 513));
            assertEquals(IO_ERROR, front.status(0, SECTORS - 1, 0, 1025));
            assertEquals(IO_ERROR, front.status(0, -1, 0, 513));
            assertEquals(IO_ERROR, front.status(0, Long.MAX_VALUE / 512, 0, 513));
            assertEquals(IO_ERROR, front.status(0, 0, 0, 1), "no data");
            assertEquals(IO_ERROR, front.status(0, 0, 0, 500), "not whole sectors");
            assertEquals(IO_ERROR, front.status(1, 0, 0, 1));
            assertEquals(IO_ERROR, front.status(1, 0, 511, 1));
            assertEquals(IO_ERROR, front.status(1, SECTORS, 512, 1));
            assertEquals(UNSUPPORTED, front.status(13, 0, 15, 1));
            assertEquals(UNSUPPORTED, front.status(13, 0, 32, 1), "two ranges");
            front.memory.set(ValueLayout.JAVA_LONG, 16, SECTORS - 1);
            front.memory.set(ValueLayout.JAVA_INT, 24, 2);
            front.memory.set(ValueLayout.JAVA_INT, 28, 0);
            assertEquals(IO_ERROR, front.status(13, 0, 16, 1));
            front.memory.set(ValueLayout.JAVA_INT, 24, 0);
            assertEquals(IO_ERROR, front.status(13, 0, 16, 1));
            front.memory.set(ValueLayout.JAVA_INT, 28, 6);
            assertEquals(UNSUPPORTED, front.status(13, 0, 16, 1), "unknown flags");
            // And it still works.
            assertEquals(OK, front.status(0, 0, 0, 513));
            assertEquals(0, served.counter("uk_vhost_violations_total"));
        }
    }

    @Test
    void sendsAwayWhoLeavesNoRoomForAnAnswer() {
        try (ServedDisk served = new ServedDisk(image, socket)) {
            try (RawFront front = new RawFront(0)) {
                front.ask(15, 1);
                Awaiting.until("the end of the connection", front::isGone);
            }
            try (RawFront front = new RawFront(0)) {
                front.ask(16, 0);
                Awaiting.until("the end of the connection", front::isGone);
            }
            assertEquals(2, served.counter("uk_vhost_violations_total"));
            try (RawFront front = new RawFront(0)) {
                assertEquals(OK, front.status(0, 0, 0, 513));
            }
        }
    }

    /** The process that serves is replaced while requests are under way; the driver gives them to the next one. */
    @Test
    void aDriverGoesOnWithTheNextOneThatServes() {
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool = PacketPool.builder(platform.pages())
                        .sizeClass(4096, 256)
                        .build()) {
            ServedDisk served = new ServedDisk(image, socket);
            try (BlockDevice device = new VhostUserBlockProvider()
                    .open(Contexts.context(platform, new MetricRegistry(), pool), socket.toString())) {
                int[] done = {0};
                ByteBuf buffer = Unpooled.directBuffer(512, 512);
                for (int round = 0; round < 5; round++) {
                    int expected = done[0] + 40;
                    for (int i = 0; i < 40; i++) {
                        BlockRequest request = new BlockRequest(1, (_, status) -> {
                            assertEquals(BlockRequest.OK, status);
                            done[0]++;
                        });
                        request.transfer(i % 2 == 0 ? Operation.WRITE : Operation.READ, i * 512L)
                                .add(buffer, 0, 512);
                        Awaiting.until("room", () -> {
                            boolean accepted = device.submit(request);
                            device.poll(16);
                            return accepted;
                        });
                    }
                    served.close();
                    served = new ServedDisk(image, socket);
                    Awaiting.until("all completions", () -> {
                        device.poll(16);
                        return done[0] == expected;
                    });
                }
                buffer.release();
            } finally {
                served.close();
            }
        }
    }

    @Test
    void oneProcessServesASocket() {
        try (ServedDisk _ = new ServedDisk(image, socket);
                UnixPlatform platform = UnixPlatform.create();
                PacketPool pool =
                        PacketPool.builder(platform.pages()).sizeClass(2048, 64).build()) {
            var context = Contexts.context(platform, new MetricRegistry(), pool);
            assertThrows(DeviceException.class, () -> VhostUserDisk.serve(context, new NoDisk(), socket.toString()));
        }
    }
}
