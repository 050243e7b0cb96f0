package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.VirtioTransport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the entropy driver makes of its device: all of a target is filled, in bounded time, or it says that it is not. */
class VirtioEntropyTest {
    private static byte[] draw(ModelEntropy model, int bytes) {
        byte[] array = new byte[bytes];
        model.source.fill(MemorySegment.ofArray(array));
        return array;
    }

    private static void assertFails(ModelEntropy model, String... words) {
        long before = model.platform.clock().nowNs();
        PlatformException e = assertThrows(PlatformException.class, () -> draw(model, 32));
        for (String word : words) {
            assertTrue(e.getMessage().contains(word), e.getMessage());
        }
        long tookNs = model.platform.clock().nowNs() - before;
        assertTrue(tookNs < 1_100_000_000L, "It took " + tookNs + " ns.");
    }

    @ParameterizedTest
    @EnumSource(Bus.class)
    void fillsAllOfATargetAndNothingElseOverEachBus(Bus bus) {
        try (ModelEntropy model = bus.during(ModelEntropy::new);
                Arena arena = Arena.ofConfined()) {
            for (int bytes : new int[] {0, 1, 8, 33, 1024, 1025, 5000}) {
                MemorySegment memory = arena.allocate(bytes + 16);
                model.source.fill(memory.asSlice(8, bytes));
                assertEquals(0, memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
                assertEquals(0, memory.get(ValueLayout.JAVA_LONG_UNALIGNED, bytes + 8L));
                if (bytes >= 8) {
                    byte[] last = memory.asSlice(bytes, 8).toArray(ValueLayout.JAVA_BYTE);
                    assertTrue(!Arrays.equals(last, new byte[8]), bytes + " bytes");
                }
            }
            assertNotEquals(model.source.nextLong(), model.source.nextLong());
            assertTrue(model.counters.text().contains("uk_virtio_entropy_bytes_total{device=\"rng0\"} 7107"));
            assertTrue(model.source.describe().contains("entropy, running"), model.source.describe());
        }
    }

    @Test
    void asksForNoMoreThanItIsAskedForSoThatNothingIsKept() {
        try (ModelEntropy model = new ModelEntropy()) {
            draw(model, 10);
            draw(model, 1030);
            assertEquals(1040, model.asked);
        }
    }

    @Test
    void aDeviceMayGiveAsLittleAsAByte() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.portion = 1;
            byte[] drawn = draw(model, 64);
            assertTrue(new String(drawn, StandardCharsets.ISO_8859_1)
                            .chars()
                            .distinct()
                            .count()
                    > 8);
            assertEquals(1, model.transport.resets);
        }
    }

    @Test
    void aDeviceThatGivesAByteAtATimeEndsInTimeAllTheSame() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.portion = 1;
            model.transport.onKick = () -> {
                // Each request takes a while.
                model.platform.clock().nowNs();
                model.work();
            };
            long before = model.platform.clock().nowNs();
            assertThrows(PlatformException.class, () -> draw(model, 5000));
            assertTrue(model.platform.clock().nowNs() - before < 1_100_000_000L);
        }
    }

    @Test
    void aDeviceThatGivesNothingForEverEndsInTime() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.portion = 0;
            String told = "";
            for (int i = 0; i < 40 && !told.contains("at fault 16 times in a row"); i++) {
                long before = model.platform.clock().nowNs();
                told = assertThrows(PlatformException.class, () -> draw(model, 1))
                        .getMessage();
                assertTrue(model.platform.clock().nowNs() - before < 1_100_000_000L);
            }
            assertTrue(told.contains("at fault 16 times in a row") && told.contains("gave no byte"), told);
            assertTrue(model.counters.text().contains("violation=\"protocol\""));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {33, 1 << 20, Integer.MAX_VALUE})
    void aDeviceThatSaysToHaveGivenMoreThanAskedForIsNotBelieved(int claim) {
        try (ModelEntropy model = new ModelEntropy()) {
            model.claim = claim;
            assertFails(model);
            assertTrue(model.transport.resets > 1);
            model.claim = -1;
            model.platform.simulation.runFor(2_000_000_000L);
            draw(model, 32);
        }
    }

    @Test
    void aDeviceThatIsStuckIsNotBelieved() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.stuck = 0x5a;
            assertFails(model);
            model.stuck = -1;
            model.platform.simulation.runFor(2_000_000_000L);
            draw(model, 32);
            // One byte at a time makes no difference.
            model.stuck = 0;
            model.portion = 1;
            assertFails(model);
        }
    }

    @Test
    void aDeviceThatIsSlowerThanTheTimeOutIsWaitedForByTheNextCall() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.asleep = true;
            assertFails(model, "did not give enough entropy within 1000 ms", "uk.virtio.entropy.timeout");
            assertFails(model, "1000 ms");
            assertEquals(1, model.transport.resets, "slowness is no fault");
            model.asleep = false;
            model.work();
            draw(model, 5);
            draw(model, 5000);
        }
    }

    @Test
    void aDeviceThatGoesAwayIsLookedForWithinTheTimeOut() {
        try (ModelEntropy model = new ModelEntropy()) {
            model.transport.absent = true;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.asleep = true;
            model.platform.stepNs = 100_000;
            assertFails(model);
            model.transport.absent = false;
            model.asleep = false;
            draw(model, 32);
            assertTrue(model.counters.text().contains("uk_virtio_restarts_total{device=\"rng0\"} 1"));
        }
    }

    @Test
    void threadsShareIt() throws Exception {
        try (ModelEntropy model = new ModelEntropy()) {
            List<Thread> threads = new ArrayList<>();
            AtomicInteger done = new AtomicInteger();
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int j = 0; j < 200; j++) {
                        draw(model, 40);
                    }
                    done.incrementAndGet();
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(4, done.get());
        }
    }

    @Test
    void refusesWhatCannotBeFilledAndWhatIsClosed() {
        ModelEntropy closed = new ModelEntropy();
        assertThrows(
                IllegalArgumentException.class,
                () -> closed.source.fill(MemorySegment.ofArray(new byte[8]).asReadOnly()));
        closed.close();
        assertFails(closed, "closed");
    }

    @Test
    void aDeviceOfBeforeTheStandardIsNamedAndClosed() {
        try (ModelPlatform platform = new ModelPlatform()) {
            ModelTransport old = new ModelTransport(platform, "old", 0);
            Config config = Configs.builder().keys(new VirtioKeys().keys()).build();
            VirtioContext context = new VirtioContext(platform, platform.clock(), config, new MetricRegistry());
            DeviceException e = assertThrows(DeviceException.class, () -> VirtioEntropy.open(context, old, "old"));
            assertTrue(e.getMessage().contains("does not offer version_1"), e.getMessage());
            assertTrue(old.closed);
            assertEquals(0, platform.allocatedBytes());
        }
    }
}
