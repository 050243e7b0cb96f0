package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.platform.unix.SharedMemory;
import io.uk4j.platform.unix.UnixListener;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.platform.unix.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Front ends and back ends that send what no specification allows. */
class HostileMessagesTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int[] REQUESTS = {1, 2, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 24, 31, 40, 99};

    @TempDir
    private Path folder;

    @Test
    void aBackEndSurvivesWhateverAFrontEndSays() throws IOException {
        String path = folder.resolve("s").toString();
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool =
                        PacketPool.builder(platform.pages()).sizeClass(2048, 64).build();
                NetDevice back = new VhostUserBackEndProvider()
                        .open(Contexts.context(platform, new MetricRegistry(), pool), path);
                SharedMemory memory = SharedMemory.create("test", 1 << 16);
                EventDescriptor event = EventDescriptor.create();
                Arena arena = Arena.ofConfined()) {
            int before = openDescriptors();
            for (int round = 0; round < 400; round++) {
                long seed = 9_000L + round;
                Random random = new Random(seed);
                try (UnixSocket front = UnixSocket.connect(path)) {
                    for (int i = 0; i < 12; i++) {
                        MemorySegment bytes = message(arena, random);
                        int[] descriptors = switch (random.nextInt(4)) {
                            case 0 -> new int[] {memory.fd()};
                            case 1 -> new int[] {event.fd()};
                            case 2 -> new int[] {memory.fd(), event.fd(), memory.fd()};
                            default -> new int[0];
                        };
                        if (!front.send(bytes, descriptors, SECOND_NS)) {
                            break;
                        }
                        back.arm();
                    }
                }
                back.arm();
            }
            back.arm();
            assertTrue(openDescriptors() <= before + 8, "descriptors were lost: " + (openDescriptors() - before));
        }
        // And it still serves.
        try (NetPair pair = new NetPair(folder)) {
            byte[] frame = new byte[100];
            pair.send(pair.front, pair.frontPool, frame);
            assertArrayEquals(frame, pair.receive(pair.back));
        }
    }

    /** A message that is mostly well-formed, so that it gets past the first check. */
    private static MemorySegment message(Arena arena, Random random) {
        int size = switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> 4;
            case 2 -> 40;
            case 3 -> 12 + 60;
            default -> 8;
        };
        MemorySegment bytes = arena.allocate(12 + 1024, 8);
        bytes.set(ValueLayout.JAVA_INT, 0, REQUESTS[random.nextInt(REQUESTS.length)]);
        bytes.set(ValueLayout.JAVA_INT, 4, random.nextInt(20) == 0 ? random.nextInt() : 1 | random.nextInt(2) * 8);
        bytes.set(ValueLayout.JAVA_INT, 8, random.nextInt(20) == 0 ? random.nextInt(2000) - 100 : size);
        for (int i = 0; i < size; i += 4) {
            int value = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(3);
                case 1 -> 1 << random.nextInt(17);
                case 2 -> random.nextInt();
                default -> 0;
            };
            bytes.set(ValueLayout.JAVA_INT, 12 + i, value);
        }
        return bytes.asSlice(0, 12 + size);
    }

    /** A front end that knows the protocol, to break it at one place. */
    private final class Liar implements AutoCloseable {
        final UnixPlatform platform = UnixPlatform.create();
        final PacketPool pool =
                PacketPool.builder(platform.pages()).sizeClass(2048, 64).build();
        final Waiter waiter = platform.newWaiter();
        final String path = folder.resolve("liar.sock").toString();
        final NetDevice back =
                new VhostUserBackEndProvider().open(Contexts.context(platform, new MetricRegistry(), pool), path);
        final UnixSocket socket = UnixSocket.connect(path);
        final SharedMemory memory = SharedMemory.create("liar", 8L << 30);
        final Message message = new Message();

        Liar() {
            waiter.register(back.source());
            say(message.begin(Request.SET_FEATURES).addLong(1L << 32 | ProtocolFeatures.OFFERED));
            shareMemory();
        }

        void shareMemory() {
            shareMemory(8L << 30);
        }

        void shareMemory(long bytes) {
            shareMemory(bytes, 0);
        }

        void shareMemory(long bytes, long offset) {
            say(
                    message.begin(Request.SET_MEM_TABLE)
                            .addInt(1)
                            .addInt(0)
                            .addLong(0)
                            .addLong(bytes)
                            .addLong(0)
                            .addLong(offset),
                    memory.fd());
        }

        /** Describes the sending queue, of 16 entries at address 0, and starts it. */
        void startQueue(int kick) {
            say(message.begin(Request.SET_VRING_NUM).addInt(1).addInt(16));
            say(message.begin(Request.SET_VRING_ADDR)
                    .addInt(1)
                    .addInt(0)
                    .addLong(0)
                    .addLong(8192)
                    .addLong(4096)
                    .addLong(0));
            say(message.begin(Request.SET_VRING_KICK).addLong(1), kick);
        }

        void enable(int on) {
            say(message.begin(Request.SET_VRING_ENABLE).addInt(1).addInt(on));
        }

        void say(Message told, int... descriptors) {
            assertTrue(told.send(socket, SECOND_NS, descriptors));
            back.arm();
        }

        /** Whether the back end still has this front end as its own. */
        boolean isHeard() {
            return back.describe().contains("is connected");
        }

        /** The next front end is served as if nothing had been. */
        void assertStillServes() {
            socket.close();
            back.arm();
            assertFalse(isHeard());
            try (NetDevice front = openServed()) {
                while (waiter.await(platform.clock().nowNs())) {
                    back.arm();
                }
                FrameBatch batch = new FrameBatch();
                ByteBuf buffer = pool.tryAcquire(100);
                batch.append(buffer.writeZero(100), buffer.readerIndex(), 100);
                batch.endFrame();
                assertEquals(1, front.offer(batch));
                front.flush();
                assertTrue(waiter.await(platform.clock().nowNs() + 5 * SECOND_NS), "a kick ends the wait");
                assertEquals(1, back.poll(batch));
                batch.clear();
            }
        }

        private NetDevice openServed() {
            try (NetPair.Serving _ = new NetPair.Serving(back)) {
                return new ServedFront(
                        new VhostUserNetProvider().open(Contexts.context(platform, new MetricRegistry(), pool), path),
                        back);
            }
        }

        @Override
        public void close() {
            waiter.unregister(back.source());
            back.close();
            socket.close();
            memory.close();
            waiter.close();
            pool.close();
            platform.close();
        }
    }

    /** As QEMU does whenever the guest's firmware moves memory about. */
    @Test
    void aQueueIsFoundAgainInANewMemoryTable() {
        try (Liar liar = new Liar();
                EventDescriptor kick = EventDescriptor.create()) {
            liar.startQueue(kick.fd());
            liar.enable(1);
            assertTrue(liar.isHeard());
            liar.shareMemory();
            assertTrue(liar.isHeard());
            assertEquals(0, liar.back.poll(new FrameBatch()));
            liar.enable(0);
            liar.shareMemory();
            assertTrue(liar.isHeard());
            liar.enable(1);
            assertTrue(liar.isHeard());
            assertEquals(0, liar.back.poll(new FrameBatch()));
            liar.assertStillServes();
        }
    }

    @Test
    void aMemoryTableWithoutAQueueThatIsInUseSendsTheFrontEndAway() {
        try (Liar liar = new Liar();
                EventDescriptor kick = EventDescriptor.create()) {
            liar.startQueue(kick.fd());
            liar.enable(0);
            assertTrue(liar.isHeard());
            liar.shareMemory(4096);
            assertFalse(liar.isHeard());
            liar.back.poll(new FrameBatch());
            liar.assertStillServes();
        }
    }

    /** Addresses that are aligned, in regions that are not: what lies there could not be accessed at once. */
    @Test
    void aRegionThatIsNotAlignedSendsTheFrontEndAway() {
        try (Liar liar = new Liar()) {
            liar.shareMemory(1 << 20, 1);
            assertFalse(liar.isHeard());
            liar.assertStillServes();
        }
    }

    /** Each chain is followed by the next one before the back end has looked for it: there would be no end of them. */
    @Test
    void chainsThatNeverEndDoNotHoldTheLoop() {
        int chains = 20_000;
        int ahead = 8;
        AtomicInteger seen = new AtomicInteger();
        try (Liar liar = new Liar();
                EventDescriptor kick = EventDescriptor.create()) {
            MemorySegment memory = liar.memory.segment();
            // All entries of the available ring name a chain of one byte, which is no frame.
            memory.set(ValueLayout.JAVA_LONG, 0, 1L << 20);
            memory.set(ValueLayout.JAVA_INT, 8, 1);
            VarHandle ints = ValueLayout.JAVA_INT.varHandle();
            VarHandle shorts = ValueLayout.JAVA_SHORT.varHandle();
            for (int i = 0; i < 16; i++) {
                ints.setVolatile(memory, 8192L + 4 + 8L * i, -1);
            }
            shorts.setVolatile(memory, 4096L + 2, (short) ahead);
            liar.startQueue(kick.fd());
            liar.enable(1);
            Thread feeder = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < chains; i++) {
                    // What is done shows before it is published.
                    long element = 8192L + 4 + 8L * (i % 16);
                    while ((int) ints.getVolatile(memory, element) == -1) {
                        Thread.onSpinWait();
                    }
                    ints.setVolatile(memory, element, -1);
                    shorts.setVolatile(memory, 4096L + 2, (short) (i + 1 + ahead));
                    seen.setRelease(i + 1);
                }
            });
            FrameBatch batch = new FrameBatch();
            int most = 0;
            for (int before = 0; before < chains; before = seen.getAcquire()) {
                assertEquals(0, liar.back.poll(batch));
                most = Math.max(most, seen.getAcquire() - before);
            }
            join(feeder);
            assertTrue(most < 2000, "one poll took " + most + " chains");
            assertTrue(liar.isHeard());
        }
    }

    @Test
    void aFloodOfMessagesDoesNotHoldTheLoop() {
        try (Liar liar = new Liar();
                Arena arena = Arena.ofConfined()) {
            int messages = 2000;
            MemorySegment flood = arena.allocate(12L * messages, 8);
            for (int i = 0; i < messages; i++) {
                flood.set(ValueLayout.JAVA_INT, 12L * i, i < messages - 1 ? Request.SET_OWNER : 99);
                flood.set(ValueLayout.JAVA_INT, 12L * i + 4, 1);
            }
            assertTrue(liar.socket.send(flood, new int[0], SECOND_NS));
            liar.back.arm();
            assertTrue(liar.isHeard(), "what comes last was not read at once");
            int rounds = 0;
            while (liar.isHeard()) {
                assertTrue(liar.waiter.await(liar.platform.clock().nowNs() + SECOND_NS), "no wait lasts meanwhile");
                liar.back.arm();
                rounds++;
            }
            assertTrue(rounds > 5, "only " + rounds + " rounds");
            liar.assertStillServes();
        }
    }

    @Test
    void aMessageThatComesByteByByteDoesNotHoldTheLoop() {
        try (Liar liar = new Liar();
                Arena arena = Arena.ofConfined()) {
            MemorySegment first = arena.allocate(8);
            first.set(ValueLayout.JAVA_BYTE, 0, (byte) Request.SET_OWNER);
            assertTrue(liar.socket.send(first.asSlice(0, 1), new int[0], SECOND_NS));
            Thread dribbler = Thread.ofPlatform().start(() -> {
                for (int i = 1; i < 50; i++) {
                    LockSupport.parkNanos(50_000_000);
                    try (Arena own = Arena.ofConfined()) {
                        MemorySegment one = own.allocate(8);
                        one.set(ValueLayout.JAVA_BYTE, 0, bytes(i));
                        if (!liar.socket.send(one.asSlice(0, 1), new int[0], SECOND_NS)) {
                            return;
                        }
                    }
                }
            });
            long startNs = liar.platform.clock().nowNs();
            liar.back.arm();
            long tookNs = liar.platform.clock().nowNs() - startNs;
            join(dribbler);
            assertFalse(liar.isHeard());
            assertTrue(tookNs < SECOND_NS, "took " + tookNs / 1_000_000 + " ms");
            liar.assertStillServes();
        }
    }

    /** One byte of a message of 1024 bytes that asks for nothing. */
    private static byte bytes(int at) {
        return (byte) (at == 4 ? 1 : at == 9 ? 4 : 0);
    }

    @Test
    void aKickThatIsNoEventDescriptorSendsTheFrontEndAway() {
        try (Liar liar = new Liar()) {
            liar.startQueue(liar.memory.fd());
            assertFalse(liar.isHeard());
            liar.assertStillServes();
        }
    }

    @Test
    void aCallThatWouldBlockDoesNot() {
        try (Liar liar = new Liar();
                EventDescriptor kick = EventDescriptor.create()) {
            liar.say(liar.message.begin(Request.SET_VRING_CALL).addLong(1), liar.memory.fd());
            assertFalse(liar.isHeard());
            liar.assertStillServes();
            assertTrue(kick.fd() > 0);
        }
    }

    @Test
    void lengthsWhoseSumIsTooLargeForANumberAreAFrameThatIsTooLong() {
        try (Liar liar = new Liar();
                EventDescriptor kick = EventDescriptor.create()) {
            MemorySegment ring = liar.memory.segment();
            // Three ranges of almost 2 GiB, and one that makes their sum a small number modulo 2^32.
            int[] lengths = {0x7fff_ffff, 0x7fff_ffff, 12 + 60 + 2};
            for (int i = 0; i < lengths.length; i++) {
                ring.set(ValueLayout.JAVA_LONG, 16L * i, 1L << 20);
                ring.set(ValueLayout.JAVA_INT, 16L * i + 8, lengths[i]);
                ring.set(ValueLayout.JAVA_SHORT, 16L * i + 12, (short) (i < lengths.length - 1 ? 1 : 0));
                ring.set(ValueLayout.JAVA_SHORT, 16L * i + 14, (short) (i + 1));
            }
            ring.set(ValueLayout.JAVA_SHORT, 4096 + 2, (short) 1);
            liar.startQueue(kick.fd());
            liar.enable(1);
            FrameBatch batch = new FrameBatch();
            assertEquals(0, liar.back.poll(batch));
            liar.assertStillServes();
        }
    }

    @Test
    void aFrontEndSurvivesWhateverABackEndAnswers() throws IOException {
        String path = folder.resolve("s").toString();
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool = PacketPool.builder(platform.pages())
                        .sizeClass(4096, 64)
                        .sizeClass(16_384, 4)
                        .build();
                UnixListener listener = UnixListener.open(path)) {
            int before = openDescriptors();
            for (int round = 0; round < 60; round++) {
                long seed = 5_000L + round;
                Random random = new Random(seed);
                Thread liar = Thread.ofPlatform().start(() -> answer(listener, random));
                DeviceException e = assertThrows(
                        DeviceException.class,
                        () -> {
                            try (BlockDevice device = new VhostUserBlockProvider()
                                    .open(
                                            Contexts.context(
                                                    platform, new MetricRegistry(), pool, "uk.vhost.timeout=30ms"),
                                            path)) {
                                throw new AssertionError("opened " + device.info());
                            }
                        },
                        "seed " + seed);
                assertTrue(e.getMessage().contains(path), e.getMessage());
                join(liar);
                assertTrue(pool.inUse() == 0);
            }
            assertTrue(openDescriptors() <= before + 8, "descriptors were lost: " + (openDescriptors() - before));
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Answers a few messages, the first ones as they should be, and then one or the other wrongly. */
    private static void answer(UnixListener listener, Random random) {
        UnixSocket socket = listener.accept();
        for (int i = 0; socket == null && i < 10_000; i++) {
            LockSupport.parkNanos(100_000);
            socket = listener.accept();
        }
        if (socket == null) {
            return;
        }
        try (UnixSocket accepted = socket;
                Arena arena = Arena.ofConfined()) {
            Message message = new Message();
            int honest = random.nextInt(6);
            for (int i = 0; i <= honest; i++) {
                if (message.receive(accepted, SECOND_NS, SECOND_NS) != Message.Received.MESSAGE) {
                    return;
                }
                boolean lies = i == honest;
                if (lies && random.nextInt(3) == 0) {
                    accepted.send(message(arena, random), new int[0], SECOND_NS);
                } else if (lies) {
                    MemorySegment garbage = arena.allocate(1 + random.nextInt(200));
                    for (long at = 0; at < garbage.byteSize(); at++) {
                        garbage.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
                    }
                    accepted.send(garbage, new int[0], SECOND_NS);
                } else {
                    boolean asks = message.request() == Request.GET_FEATURES
                            || message.request() == Request.GET_PROTOCOL_FEATURES
                            || message.request() == Request.GET_QUEUE_NUM;
                    if (asks) {
                        message.beginReply().addLong(0x1_7500_7e46L).send(accepted, SECOND_NS);
                    } else if (message.needsReply()) {
                        message.beginReply().addLong(random.nextInt(4)).send(accepted, SECOND_NS);
                    }
                }
            }
        }
    }

    private static int openDescriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return (int) list.count();
        }
    }
}
