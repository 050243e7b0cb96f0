package io.uk4j.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.SignalSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrameRingTest {
    private static final int RING_BYTES = 1 << 18;
    private static final int LONGEST = 65_549;

    private final SimPlatform platform = new SimPlatform(new Simulation(1), "host");
    private final PacketPool sending =
            PacketPool.builder(platform.pages()).budgetBytes(4 << 20).build();
    private final PacketPool receiving =
            PacketPool.builder(platform.pages()).budgetBytes(4 << 20).build();
    private final FrameRing ring = new FrameRing(RING_BYTES, new SignalSource(), new SignalSource());

    @AfterEach
    void everyBufferIsHome() {
        sending.close();
        receiving.close();
    }

    @Test
    void framesComeOutAsTheyWentInWhateverTheirLengths() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        FrameBatch in = new FrameBatch(1, 64);
        FrameBatch out = new FrameBatch(1, 64);
        ArrayDeque<byte[]> model = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(3) > 0) {
                byte[] frame = frame(random);
                build(in, frame, random);
                if (ring.offer(in, 0)) {
                    model.add(frame);
                }
                in.releaseFirst(1);
            } else if (ring.poll(out, receiving) == FrameRing.TAKEN) {
                assertArrayEquals(model.remove(), bytes(out), "seed " + seed);
                out.releaseFirst(1);
            } else {
                assertTrue(model.isEmpty(), "seed " + seed);
            }
        }
        while (ring.poll(out, receiving) == FrameRing.TAKEN) {
            assertArrayEquals(model.remove(), bytes(out), "seed " + seed);
            out.releaseFirst(1);
        }
        assertTrue(model.isEmpty(), "seed " + seed);
    }

    @Test
    void offloadWordsCross() {
        FrameBatch in = new FrameBatch(1, 4);
        build(in, new byte[60], new Random(1));
        FrameBatch out = new FrameBatch(1, 64);
        assertTrue(ring.offer(in, 0));
        in.releaseFirst(1);
        assertEquals(FrameRing.TAKEN, ring.poll(out, receiving));
        assertEquals(0, out.flags(0));
        out.releaseFirst(1);

        build(in, new byte[60], new Random(1));
        in.releaseFirst(1);
        ByteBuf buffer = acquire(60);
        in.append(buffer, buffer.readerIndex(), 60);
        in.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_TCPV4, 1460, 54, 34, 16);
        in.endFrame();
        assertTrue(ring.offer(in, 0));
        in.releaseFirst(1);
        assertEquals(FrameRing.TAKEN, ring.poll(out, receiving));
        assertEquals(FrameBatch.NEEDS_CHECKSUM, out.flags(0));
        assertEquals(FrameBatch.GSO_TCPV4, out.gsoType(0));
        assertEquals(1460, out.gsoSize(0));
        assertEquals(54, out.headerLength(0));
        assertEquals(34, out.checksumStart(0));
        assertEquals(16, out.checksumOffset(0));
        out.releaseFirst(1);
    }

    @Test
    void aFullRingTakesNothingAndTellsWhenThereIsRoomAgain() {
        FrameBatch in = new FrameBatch(1, 64);
        FrameBatch out = new FrameBatch(1, 64);
        byte[] longest = new byte[LONGEST];
        int taken = 0;
        for (; ; taken++) {
            build(in, longest, new Random(taken));
            boolean accepted = ring.offer(in, 0);
            in.releaseFirst(1);
            if (!accepted) {
                break;
            }
        }
        assertEquals(3, taken);
        assertFalse(ring.armProducer(LONGEST));
        for (int i = 0; i < taken; i++) {
            assertEquals(FrameRing.TAKEN, ring.poll(out, receiving));
            out.releaseFirst(1);
        }
        assertTrue(ring.armProducer(LONGEST));
    }

    @Test
    void aFrameIsLostWhenTheReceiverHasNoBuffer() {
        FrameBatch in = new FrameBatch(1, 64);
        FrameBatch out = new FrameBatch(1, 64);
        build(in, new byte[1000], new Random(1));
        assertTrue(ring.offer(in, 0));
        in.releaseFirst(1);
        ArrayDeque<ByteBuf> held = new ArrayDeque<>();
        for (ByteBuf buffer = receiving.tryAcquire(1); buffer != null; buffer = receiving.tryAcquire(1)) {
            held.add(buffer);
        }
        assertEquals(FrameRing.NO_BUFFER, ring.poll(out, receiving));
        assertEquals(0, out.frames());
        held.forEach(ByteBuf::release);
        assertEquals(FrameRing.NOTHING, ring.poll(out, receiving));
    }

    @Test
    void twoThreadsLoseNothing() throws InterruptedException {
        int count = 20_000;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread producer = Thread.ofPlatform().start(() -> {
            Random random = new Random(5);
            FrameBatch in = new FrameBatch(1, 64);
            for (int i = 0; i < count; i++) {
                build(in, frame(random), random);
                while (!ring.offer(in, 0) && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
                in.releaseFirst(1);
            }
        });
        Thread consumer = Thread.ofPlatform().start(() -> {
            Random random = new Random(5);
            FrameBatch out = new FrameBatch(1, 64);
            for (int i = 0; i < count; i++) {
                byte[] expected = frame(random);
                splitPoint(expected.length, random);
                while (ring.poll(out, receiving) != FrameRing.TAKEN) {
                    Thread.onSpinWait();
                }
                assertArrayEquals(expected, bytes(out));
                out.releaseFirst(1);
            }
        });
        consumer.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        producer.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        consumer.join();
        producer.interrupt();
        producer.join();
        assertNull(failure.get());
    }

    private static byte[] frame(Random random) {
        int length = random.nextInt(8) == 0 ? 1 + random.nextInt(LONGEST) : 14 + random.nextInt(1500);
        byte[] frame = new byte[length];
        random.nextBytes(frame);
        return frame;
    }

    private static int splitPoint(int length, Random random) {
        return random.nextInt(length + 1);
    }

    /** Builds one frame, in pieces that fit the pool's buffers, the first cut at random. */
    private void build(FrameBatch batch, byte[] frame, Random random) {
        int from = 0;
        int cut = splitPoint(frame.length, random);
        while (from < frame.length) {
            int part = Math.min(from < cut ? cut - from : frame.length - from, sending.maxBytes());
            ByteBuf buffer = acquire(part);
            buffer.writeBytes(frame, from, part);
            batch.append(buffer, buffer.readerIndex(), part);
            from += part;
        }
        batch.endFrame();
    }

    private ByteBuf acquire(int bytes) {
        ByteBuf buffer = sending.tryAcquire(bytes);
        if (buffer == null) {
            throw new AssertionError("The pool is empty.");
        }
        return buffer;
    }

    private static byte[] bytes(FrameBatch batch) {
        byte[] frame = new byte[batch.frameBytes(0)];
        int to = 0;
        for (int i = 0; i < batch.fragments(0); i++) {
            batch.buffer(0, i).getBytes(batch.offset(0, i), frame, to, batch.length(0, i));
            to += batch.length(0, i);
        }
        return frame;
    }
}
