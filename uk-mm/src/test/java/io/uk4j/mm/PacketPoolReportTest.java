package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import org.junit.jupiter.api.Test;

/** What a pool tells about itself, and what it is told by configuration. */
class PacketPoolReportTest {
    private final TestPages pages = new TestPages(64 << 20);

    private static PoolBuffer acquireHere(PacketPool pool) {
        PoolBuffer buffer = pool.tryAcquire(100);
        assertNotNull(buffer);
        return buffer;
    }

    private static PoolBuffer acquireThere(PacketPool pool) {
        PoolBuffer buffer = pool.tryAcquire(5000);
        assertNotNull(buffer);
        return buffer;
    }

    @Test
    void aTrackedLeakNamesThePlaceOfEachBufferThatIsOut() {
        PacketPool pool = PacketPool.builder(pages)
                .sizeClass(2048, 8)
                .sizeClass(16384, 8)
                .trackLeaks(true)
                .build();
        acquireThere(pool).release();
        PoolBuffer[] leaked = new PoolBuffer[2];
        for (int i = 0; i < leaked.length; i++) {
            leaked[i] = acquireHere(pool);
        }

        String message = assertThrows(IllegalStateException.class, pool::close).getMessage();
        assertTrue(message.startsWith("Packet buffers were not released: 2 of 8 with 2048 bytes"), message);
        assertTrue(message.contains("2 of 2048 bytes acquired\n    at "), message);
        assertTrue(message.contains("PacketPoolReportTest.acquireHere(PacketPoolReportTest.java:"), message);
        assertFalse(message.contains("acquireThere"), message);
        for (PoolBuffer buffer : leaked) {
            buffer.release();
        }
        pool.close();
        assertEquals(0, pages.outBytes());
    }

    @Test
    void countsByClassWhatWasHandedOutRefusedAndTakenFromALargerOne() {
        MetricRegistry registry = new MetricRegistry();
        try (PacketPool pool = PacketPool.builder(pages)
                .sizeClass(2048, 1)
                .sizeClass(16384, 1)
                .counters(registry)
                .build()) {
            PoolBuffer small = acquireHere(pool);
            PoolBuffer large = acquireHere(pool);
            assertNull(pool.tryAcquire(100));
            assertNull(pool.tryAcquire(5000));
            assertNull(pool.tryAcquire(5000));

            String text = registry.text();
            assertTrue(text.contains("uk_mm_pool_acquired_total{class=\"2048\"} 1"), text);
            assertTrue(text.contains("uk_mm_pool_acquired_total{class=\"16384\"} 1"), text);
            assertTrue(text.contains("uk_mm_pool_overflowed_total{class=\"2048\"} 1"), text);
            assertTrue(text.contains("uk_mm_pool_refused_total{class=\"2048\"} 1"), text);
            assertTrue(text.contains("uk_mm_pool_refused_total{class=\"16384\"} 2"), text);
            assertTrue(text.contains("uk_mm_pool_in_use{class=\"2048\"} 1"), text);
            small.release();
            large.release();
            assertTrue(registry.text().contains("uk_mm_pool_in_use{class=\"2048\"} 0"));
        }
    }

    @Test
    void takesItsBudgetFromTheConfigurationWhichKnowsTheKeys() {
        Config config = Configs.builder()
                .discoverKeys(MemoryKeys.class.getClassLoader())
                .set("uk.mm.pool.bytes", "2M")
                .build();
        try (PacketPool pool = PacketPool.builder(pages).configure(config).build()) {
            assertEquals(2 << 20, pool.capacityBytes());
        }
        assertFalse(config.get(MemoryKeys.POOL_TRACK));
    }
}
