package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds for a pool in whatever order buffers go and come; the seed of a failing run is in its message. */
class PacketPoolPropertyTest {
    private static final int RUNS = 40;
    private static final int STEPS = 2_000;

    private record Held(PoolBuffer buffer, int bytes, long stamp) {}

    @Test
    void noBufferHasTwoOwnersAndNoneIsLost() {
        boolean refused = false;
        for (long seed = 1; seed <= RUNS; seed++) {
            try {
                refused |= run(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("fails with seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertTrue(refused, "the runs have to come to exhaustion");
    }

    private static boolean run(long seed) {
        Random random = new Random(seed);
        TestPages pages = new TestPages(16 << 20);
        PacketPool pool = PacketPool.builder(pages)
                .headroomBytes(random.nextInt(64))
                .sizeClass(128, random.nextInt(1, 40))
                .sizeClass(2048, random.nextInt(1, 40))
                .sizeClass(16384, random.nextInt(1, 10))
                .build();
        Set<PoolBuffer> objects = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Held> out = new ArrayList<>();
        boolean refused = false;
        int releases = random.nextInt(2, 8);
        for (int step = 0; step < STEPS; step++) {
            if (!out.isEmpty() && random.nextInt(10) < releases) {
                release(out.remove(random.nextInt(out.size())));
            } else {
                int bytes = random.nextInt(8, random.nextBoolean() ? 100 : pool.maxBytes());
                PoolBuffer buffer = pool.tryAcquire(bytes);
                if (buffer == null) {
                    refused = true;
                } else {
                    objects.add(buffer);
                    out.add(stamp(buffer, bytes, random.nextLong(), pool.headroomBytes()));
                }
            }
            long heldBytes =
                    out.stream().mapToLong(held -> held.buffer.capacity()).sum();
            assertEquals(pool.capacityBytes() - heldBytes, pool.availableBytes());
            assertEquals(out.size(), pool.inUse());
        }
        out.forEach(PacketPoolPropertyTest::release);
        assertEquals(pool.capacityBytes(), pool.availableBytes());
        assertTrue(objects.size() <= 40 + 40 + 10, "one object for each slot");
        pool.close();
        assertEquals(0, pages.outBytes());
        return refused;
    }

    private static Held stamp(PoolBuffer buffer, int bytes, long stamp, int headroomBytes) {
        assertEquals(headroomBytes, buffer.readerIndex());
        assertEquals(headroomBytes, buffer.writerIndex());
        assertTrue(buffer.writableBytes() >= bytes);
        buffer.setLong(0, stamp).setLong(buffer.capacity() - 8, stamp);
        return new Held(buffer, bytes, stamp);
    }

    private static void release(Held held) {
        assertEquals(held.stamp, held.buffer.getLong(0));
        assertEquals(held.stamp, held.buffer.getLong(held.buffer.capacity() - 8));
        assertTrue(held.buffer.release());
    }
}
