package io.uk4j.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever stands in the shared memory, either side ends in a bounded time with nothing worse than its typed failure. */
class QueueFuzzTest {
    private static final int SIZE = 8;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7})
    void memoryThatChangesAtRandom(long seed) {
        Random random = new Random(seed);
        long features = Features.INDIRECT_DESC
                | ((seed & 1) != 0 ? Features.EVENT_IDX : 0)
                | ((seed & 2) != 0 ? Features.IN_ORDER : 0)
                | ((seed & 4) != 0 ? Features.RING_PACKED : 0);
        QueuePair pair = new QueuePair(SIZE, features);
        int violations = 0;
        for (int step = 0; step < 100_000; step++) {
            try {
                step(pair, random);
            } catch (VirtioException _) {
                violations++;
                pair.reset();
            }
        }
        assertTrue(violations > 100, violations + " violations, seed " + seed);
    }

    private static void step(QueuePair pair, Random random) {
        switch (random.nextInt(6)) {
            case 0 -> {
                if (pair.driver.space() > 1) {
                    pair.driver.add(QueuePair.DATA_ADDRESS + random.nextInt(1000), 1 + random.nextInt(50), false);
                    pair.driver.add(QueuePair.DATA_ADDRESS + random.nextInt(1000), 1 + random.nextInt(50), true);
                    pair.driver.end();
                    pair.driver.publish();
                    pair.driver.needsKick();
                }
            }
            case 1 -> {
                int id = pair.device.next();
                if (id >= 0) {
                    pair.device.complete(id, random.nextInt(60));
                    pair.device.publish();
                    pair.device.needsCall();
                }
            }
            case 2 -> {
                int id = pair.driver.poll();
                assertTrue(id < SIZE);
            }
            case 3 -> pair.driver.arm();
            case 4 -> pair.device.arm();
            default -> {
                if (random.nextInt(8) == 0) {
                    long at = random.nextLong(pair.ring.byteSize());
                    pair.ring.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
                }
            }
        }
    }
}
