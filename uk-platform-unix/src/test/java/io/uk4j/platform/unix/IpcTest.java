package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Waiter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory, descriptors and events that go from one process to another, shown with both ends in this one. */
class IpcTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @TempDir
    Path folder;

    @Test
    void allPagesLieInOnePieceOfMemoryThatAnotherMappingSees() {
        try (UnixPlatform platform = UnixPlatform.create()) {
            Pages first = platform.pages().allocate(8192, 4096);
            Pages second = platform.pages().allocate(4096, 1 << 16);
            SharedMemory memory = (SharedMemory) first.handle();
            assertNotNull(memory);
            assertSame(memory, second.handle());
            second.segment().set(ValueLayout.JAVA_LONG, 8, 0x1234_5678L);
            long offset = second.segment().address() - memory.segment().address();
            try (SharedMemory other = SharedMemory.map(duplicate(memory.fd()), offset, 4096)) {
                assertEquals(0x1234_5678L, other.segment().get(ValueLayout.JAVA_LONG, 8));
            }
        }
    }

    @Test
    void releasedPagesAreUsedAgainAndZeroAndNeverOverlap() {
        long seed = 20_261_126L;
        Random random = new Random(seed);
        try (UnixPlatform platform = UnixPlatform.builder().memory(4 << 20).build()) {
            PageSource source = platform.pages();
            List<Pages> held = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 3000; i++) {
                if (random.nextBoolean() && !held.isEmpty()) {
                    source.release(held.remove(random.nextInt(held.size())));
                    continue;
                }
                try {
                    Pages pages = source.allocate(1 + random.nextInt(200_000), 4096L << random.nextInt(5));
                    MemorySegment segment = pages.segment();
                    assertEquals(
                            -1,
                            segment.mismatch(MemorySegment.ofArray(new byte[(int) segment.byteSize()])),
                            "seed " + seed);
                    segment.fill((byte) 1);
                    held.add(pages);
                } catch (OutOfMemoryException _) {
                    refused++;
                }
            }
            assertTrue(refused > 0, "the limit was met, seed " + seed);
            held.forEach(source::release);
            source.release(source.allocate(4 << 20, 4096));
        }
    }

    @Test
    void mapsNoMoreThanThereIs() {
        try (SharedMemory memory = SharedMemory.create("test", 8192)) {
            assertThrows(DeviceException.class, () -> SharedMemory.map(duplicate(memory.fd()), 4096, 8192));
            assertThrows(DeviceException.class, () -> SharedMemory.map(duplicate(memory.fd()), 0, -1));
            assertThrows(DeviceException.class, () -> SharedMemory.map(1_000_000, 0, 4096));
        }
    }

    @Test
    void bytesAndDescriptorsArriveTogether() {
        String path = folder.resolve("s").toString();
        try (UnixListener listener = UnixListener.open(path);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = accept(listener);
                SharedMemory memory = SharedMemory.create("test", 4096);
                EventDescriptor event = EventDescriptor.create();
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(64);
            int[] received = new int[4];
            assertEquals(0, server.receive(buffer, received, 0), "nothing was sent");
            assertTrue(client.send(text(arena, "hello"), new int[] {memory.fd(), event.fd()}, SECOND_NS));
            assertEquals(5, server.receive(buffer, received, SECOND_NS));
            assertEquals(
                    "hello", new String(buffer.asSlice(0, 5).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
            assertEquals(-1, received[2]);
            try (SharedMemory same = SharedMemory.map(received[0], 0, 4096);
                    EventDescriptor sameEvent = EventDescriptor.adopt(received[1])) {
                same.segment().set(ValueLayout.JAVA_INT, 0, 42);
                assertEquals(42, memory.segment().get(ValueLayout.JAVA_INT, 0));
                sameEvent.signal();
            }
            shutDown(client);
            assertEquals(UnixSocket.END, server.receive(buffer, received, SECOND_NS));
            assertFalse(server.send(text(arena, "x"), new int[0], SECOND_NS));
        }
    }

    @Test
    void descriptorsWithoutRoomAreClosed() throws IOException {
        String path = folder.resolve("s").toString();
        try (UnixListener listener = UnixListener.open(path);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket server = accept(listener);
                EventDescriptor event = EventDescriptor.create();
                Arena arena = Arena.ofConfined()) {
            int before = openDescriptors();
            for (int i = 0; i < 100; i++) {
                assertTrue(client.send(text(arena, "x"), new int[] {event.fd(), event.fd(), event.fd()}, SECOND_NS));
                assertEquals(1, server.receive(arena.allocate(8), new int[0], SECOND_NS));
            }
            assertTrue(openDescriptors() < before + 50);
        }
    }

    @Test
    void aFullSocketTimesOutRatherThanBlocksForGood() {
        String path = folder.resolve("s").toString();
        try (UnixListener listener = UnixListener.open(path);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket _ = accept(listener);
                Arena arena = Arena.ofConfined()) {
            MemorySegment lots = arena.allocate(1 << 20);
            assertFalse(client.send(lots, new int[0], 20_000_000));
        }
    }

    @Test
    void aListenerReplacesWhatIsStaleAndNothingElse() throws IOException {
        Path socket = folder.resolve("s");
        UnixListener first = UnixListener.open(socket.toString());
        assertThrows(DeviceException.class, () -> UnixListener.open(socket.toString()));
        first.close();
        assertFalse(Files.exists(socket));
        Path file = Files.writeString(folder.resolve("file"), "precious");
        assertThrows(DeviceException.class, () -> UnixListener.open(file.toString()));
        assertEquals("precious", Files.readString(file));
        DeviceException missing = assertThrows(DeviceException.class, () -> UnixSocket.connect(socket.toString()));
        assertTrue(missing.getMessage().contains("Try: start the other side first"), missing.getMessage());
        assertThrows(DeviceException.class, () -> UnixSocket.connect("/tmp/" + "x".repeat(120)));
    }

    @Test
    void eachSignalEndsOneWaitAndIsNeverRead() {
        try (UnixPlatform platform = UnixPlatform.create();
                Waiter waiter = platform.newWaiter();
                EventDescriptor event = EventDescriptor.create()) {
            waiter.register(event.source());
            assertFalse(waiter.await(platform.clock().nowNs()));
            for (int i = 0; i < 3; i++) {
                event.signal();
                assertTrue(waiter.await(Duty.NO_DEADLINE));
                assertFalse(waiter.await(platform.clock().nowNs()));
            }
        }
    }

    /** Closes it before its scope ends, and twice. */
    private static void shutDown(UnixSocket socket) {
        socket.close();
    }

    private static UnixSocket accept(UnixListener listener) {
        UnixSocket accepted = listener.accept();
        assertNotNull(accepted);
        assertNull(listener.accept());
        return accepted;
    }

    private static MemorySegment text(Arena arena, String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    private static int duplicate(int fd) {
        return Posix.open("/proc/self/fd/" + fd, Posix.O_RDWR | Posix.O_CLOEXEC, Posix.newCallState());
    }

    private static int openDescriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return (int) list.count();
        }
    }
}
