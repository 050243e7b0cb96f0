package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.platform.unix.SharedMemory;
import io.uk4j.platform.unix.UnixSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A queue of a disk is stopped as QEMU does it, first disabled and then asked where it stands, while a request is under way. */
class StoppedQueueTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int DRIVER = 4096;
    private static final int DEVICE = 8192;
    private static final int HEADER = 1 << 16;
    private static final int DATA = 1 << 17;

    @TempDir
    private Path folder;

    private final AtomicBoolean held = new AtomicBoolean(true);
    private final AtomicInteger submitted = new AtomicInteger();

    @Test
    void whatWasTakenFromADisabledQueueIsGivenBack() throws IOException {
        Path image = Files.write(folder.resolve("disk.img"), new byte[64 * 512]);
        Path path = folder.resolve("disk.sock");
        Message message = new Message();
        try (ServedDisk _ = new ServedDisk(image.toString(), path, HeldDisk::new);
                SharedMemory memory = SharedMemory.create("front", 1 << 20);
                EventDescriptor kick = EventDescriptor.create();
                UnixSocket socket = UnixSocket.connect(path.toString())) {
            prepareRead(memory.segment());
            say(socket, message.begin(Request.SET_FEATURES).addLong(1L << 32 | ProtocolFeatures.OFFERED));
            say(
                    socket,
                    message.begin(Request.SET_MEM_TABLE)
                            .addInt(1)
                            .addInt(0)
                            .addLong(0)
                            .addLong(1 << 20)
                            .addLong(0)
                            .addLong(0),
                    memory.fd());
            say(socket, message.begin(Request.SET_VRING_NUM).addInt(0).addInt(16));
            say(
                    socket,
                    message.begin(Request.SET_VRING_ADDR)
                            .addInt(0)
                            .addInt(0)
                            .addLong(0)
                            .addLong(DEVICE)
                            .addLong(DRIVER)
                            .addLong(0));
            say(socket, message.begin(Request.SET_VRING_KICK).addLong(0), kick.fd());
            say(socket, message.begin(Request.SET_VRING_ENABLE).addInt(0).addInt(1));
            Awaiting.until("the request", () -> submitted.get() == 1);

            say(socket, message.begin(Request.SET_VRING_ENABLE).addInt(0).addInt(0));
            say(socket, message.begin(Request.GET_VRING_BASE).addInt(0).addInt(0));
            LockSupport.parkNanos(SECOND_NS / 10);
            held.set(false);
            assertEquals(Message.Received.MESSAGE, message.receive(socket, 5 * SECOND_NS, SECOND_NS));
            assertEquals(1, message.intAt(4), "one chain was taken");
            assertEquals(1, memory.segment().get(ValueLayout.JAVA_SHORT, DEVICE + 2), "and given back");
            assertEquals(0, memory.segment().get(ValueLayout.JAVA_BYTE, DATA + 512), "with its status");
        }
    }

    /** Makes a chain available that asks for a sector. */
    private static void prepareRead(MemorySegment memory) {
        memory.set(ValueLayout.JAVA_LONG, 0, HEADER);
        memory.set(ValueLayout.JAVA_INT, 8, 16);
        memory.set(ValueLayout.JAVA_SHORT, 12, (short) 1);
        memory.set(ValueLayout.JAVA_SHORT, 14, (short) 1);
        memory.set(ValueLayout.JAVA_LONG, 16, DATA);
        memory.set(ValueLayout.JAVA_INT, 24, 513);
        memory.set(ValueLayout.JAVA_SHORT, 28, (short) 2);
        memory.set(ValueLayout.JAVA_BYTE, DATA + 512, (byte) 77);
        memory.set(ValueLayout.JAVA_SHORT, DRIVER + 2, (short) 1);
    }

    private static void say(UnixSocket socket, Message told, int... descriptors) {
        assertTrue(told.send(socket, SECOND_NS, descriptors));
    }

    /** A disk that takes requests and is done with none as long as it is held. */
    private final class HeldDisk implements BlockDevice {
        private final BlockDevice below;

        HeldDisk(BlockDevice below) {
            this.below = below;
        }

        @Override
        public BlockDeviceInfo info() {
            return below.info();
        }

        @Override
        public WaitSource source() {
            return below.source();
        }

        @Override
        public boolean submit(BlockRequest request) {
            submitted.incrementAndGet();
            return below.submit(request);
        }

        @Override
        public int poll(int limit) {
            return held.get() ? 0 : below.poll(limit);
        }

        @Override
        public boolean arm() {
            return !held.get() && below.arm();
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
