package io.uk4j.core.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class MetricRegistryTest {
    private final MetricRegistry registry = new MetricRegistry();

    /** The text without the registry's own two counters. */
    private String text() {
        return registry.text().replaceAll("(?m)^(# (HELP|TYPE) )?uk_metrics_.*\n", "");
    }

    @Test
    void writesTheTextFormatOrderedByNameThenLabels() {
        registry.with("device", "net1").counter("uk_b_total", "Second.").add(3);
        registry.gauge("uk_c_bytes", "Third.", () -> -7);
        registry.with("device", "net0").counter("uk_b_total", "Second.").increment();
        registry.counter("uk_a_total", "First.");
        assertEquals("""
                # HELP uk_a_total First.
                # TYPE uk_a_total counter
                uk_a_total 0
                # HELP uk_b_total Second.
                # TYPE uk_b_total counter
                uk_b_total{device="net0"} 1
                uk_b_total{device="net1"} 3
                # HELP uk_c_bytes Third.
                # TYPE uk_c_bytes gauge
                uk_c_bytes -7
                """, text());
    }

    @Test
    void escapesHelpAndLabelValues() {
        registry.with("path", "C:\\a \"b\"\nc").counter("uk_a_total", "A \"line\"\nand a \\.");
        assertEquals("""
                # HELP uk_a_total A "line"\\nand a \\\\.
                # TYPE uk_a_total counter
                uk_a_total{path="C:\\\\a \\"b\\"\\nc"} 0
                """, text());
    }

    @Test
    void givesOutTheSameCounterForTheSameNameAndLabelsInAnyOrder() {
        Counter one = registry.with("a", "1").with("b", "2").counter("uk_a_total", "A.");
        assertSame(one, registry.with("b", "2").with("a", "1").counter("uk_a_total", "Another help."));
        assertNotSame(one, registry.with("a", "2").with("b", "1").counter("uk_a_total", "A."));
        assertNotSame(one, registry.counter("uk_a_total", "A."));
    }

    @Test
    void putsAGaugeInThePlaceOfItsPredecessor() {
        registry.gauge("uk_a", "A.", () -> 1);
        registry.gauge("uk_a", "A.", () -> 2);
        assertEquals("# HELP uk_a A.\n# TYPE uk_a gauge\nuk_a 2\n", text());
    }

    @Test
    void showsTheWholeSetFromALabelledRegistryToo() {
        registry.counter("uk_a_total", "A.");
        assertEquals(registry.text(), registry.with("x", "y").text());
        List<String> seen = new ArrayList<>();
        registry.with("x", "y").counter("uk_a_total", "A.").add(5);
        registry.forEach((name, labels, help, counter, value) -> seen.add(name + labels + help + counter + value));
        assertEquals(
                List.of(
                        "uk_a_totalA.true0",
                        "uk_a_totalx=\"y\"A.true5",
                        "uk_metrics_failed_totalReadings of gauges that ended in an exception.true0",
                        "uk_metrics_refused_totalMetrics not registered because there are too many.true0"),
                seen);
    }

    @Test
    void refusesMalformedNames() {
        for (String name : List.of("", "_total", "1_total", "uk-a_total", "uk_A_total", "uk_a", "uk_ä_total")) {
            assertThrows(IllegalArgumentException.class, () -> registry.counter(name, "A."), name);
        }
        for (String name : List.of("", "uk_a_total", "uk a", "uk{")) {
            assertThrows(IllegalArgumentException.class, () -> registry.gauge(name, "A.", () -> 0), name);
        }
        for (String label : List.of("", "A", "0a", "__a", "a-b")) {
            assertThrows(IllegalArgumentException.class, () -> registry.with(label, "x"), label);
        }
    }

    @Test
    void refusesALabelGivenTwice() {
        assertThrows(
                IllegalArgumentException.class, () -> registry.with("a", "1").with("a", "2"));
    }

    @Test
    void leavesOutAndCountsAGaugeThatThrows() {
        registry.gauge("uk_a", "A.", () -> {
            throw new IllegalStateException("closed");
        });
        assertEquals("# HELP uk_a A.\n# TYPE uk_a gauge\n", text());
        assertEquals(1, registry.counter("uk_metrics_failed_total", "").value());
    }

    @Test
    void refusesAndCountsWhatIsBeyondTheLimit() {
        MetricRegistry small = new MetricRegistry(new MetricSet(3), Labels.NONE);
        Counter seen = small.counter("uk_a_total", "A.");
        Counter unseen = small.counter("uk_b_total", "B.");
        unseen.increment();
        small.gauge("uk_c", "C.", () -> 0);
        assertSame(seen, small.counter("uk_a_total", "A."));
        assertEquals(2, small.counter("uk_metrics_refused_total", "").value());
        List<String> names = new ArrayList<>();
        small.forEach((name, labels, help, counter, value) -> names.add(name));
        assertEquals(List.of("uk_a_total", "uk_metrics_failed_total", "uk_metrics_refused_total"), names);
    }

    @Test
    void givesManyThreadsOneCounter() throws InterruptedException {
        Set<Counter> counters = ConcurrentHashMap.newKeySet();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    start.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                counters.add(registry.with("a", "1").counter("uk_a_total", "A."));
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(1, counters.size());
    }
}
