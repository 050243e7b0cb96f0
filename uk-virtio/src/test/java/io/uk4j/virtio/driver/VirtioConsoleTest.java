package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.Waiter;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the console driver makes of its device: no writer waits, nothing is lost without being counted. */
class VirtioConsoleTest {
    @ParameterizedTest
    @EnumSource(Bus.class)
    void textGoesOutAsItIsWrittenOverEachBus(Bus bus) {
        try (ModelConsole model = bus.during(() -> new ModelConsole(ModelConsole.ALL))) {
            model.console.write("boots\n");
            assertEquals("boots\n", model.text());
            model.console.write("gr\u00fc\u00dfe \ud83d\ude80\n");
            model.console.write("x".repeat(20_000));
            assertEquals("boots\ngr\u00fc\u00dfe \ud83d\ude80\n" + "x".repeat(20_000), model.text());
            assertEquals(0, model.dropped());
            assertEquals(5, model.transport.accepted & 7, "multiport is not accepted");
        }
    }

    @Test
    void describesItsSizeAndFollowsIt() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            assertTrue(model.console.describe().contains("80 columns, 25 rows, 0 bytes waiting, running"));
            model.transport.config.putShort(0, (short) 132);
            model.transport.raise(VirtioTransport.CONFIG_CHANGED);
            model.console.arm();
            assertTrue(model.console.describe().contains("132 columns"), model.console.describe());
        }
        try (ModelConsole model = new ModelConsole(Features.VERSION_1)) {
            assertFalse(model.console.describe().contains("columns"));
        }
    }

    @Test
    void aDeviceThatDoesNotReadStopsNobodyAndLosesOnlyWhatIsCounted() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            model.asleep = true;
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 2000; i++) {
                String line = "line " + i + " \u20ac\n";
                model.console.write(line);
                all.append(line);
            }
            model.console.write("\u20ac".repeat(100_000));
            assertTrue(model.dropped() > 200_000, model.dropped() + " bytes");
            model.asleep = false;
            model.work();
            for (int i = 0; i < 100; i++) {
                model.console.poll(0);
            }
            assertTrue(model.text().startsWith(all.toString()));
            assertFalse(model.text().contains("\ufffd"), "a character was cut");
            assertEquals(
                    all.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length + 300_000L,
                    model.text().getBytes(java.nio.charset.StandardCharsets.UTF_8).length + model.dropped());
            model.console.write("done\n");
            assertTrue(model.text().endsWith("done\n"));
            assertEquals(1, model.transport.resets, "slowness is no fault");
        }
    }

    @Test
    void whatWaitsGoesOutWhenTheLoopIsWoken() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL);
                Waiter waiter = model.platform.newWaiter()) {
            waiter.register(model.console.source());
            model.asleep = true;
            model.console.write("y".repeat(30_000));
            assertFalse(model.console.arm());
            model.asleep = false;
            model.work();
            assertTrue(waiter.await(model.platform.clock().nowNs()));
            while (model.console.poll(0) > 0) {
                model.work();
            }
            assertEquals(30_000, model.text().length());
            assertFalse(model.console.arm());
        }
    }

    @Test
    void whatTheDeviceWasNotDoneWithIsGivenAgain() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            model.console.write("one\n");
            model.asleep = true;
            model.console.write("two\n");
            model.console.write("three\n");
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.console.arm();
            model.console.write("four\n");
            model.asleep = false;
            model.work();
            for (int i = 0; i < 5; i++) {
                model.console.poll(0);
            }
            assertEquals("one\ntwo\nthree\nfour\n", model.text());
            assertEquals(2, model.transport.resets);
        }
    }

    @Test
    void aDeviceThatSaysToHaveWrittenIntoOutputIsStartedAgain() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            model.claim = 100;
            model.console.write("once ");
            assertEquals(1, model.transport.resets);
            model.claim = 0;
            model.console.poll(0);
            assertEquals(2, model.transport.resets);
            assertEquals("once once ", model.text());
            assertTrue(model.counters.text().contains("violation=\"used_length\"} 1"), model.counters.text());
        }
    }

    @Test
    void aDeviceThatIsGivenUpIsWrittenToByItsEmergencyRegister() {
        try (ModelConsole model = Bus.MMIO.during(() -> new ModelConsole(ModelConsole.ALL))) {
            model.asleep = true;
            model.console.write("under way, ");
            model.giveUp();
            model.console.write("and after\n");
            assertEquals("under way, and after\n", model.emergencyText());
            model.console.write("z".repeat(10_000));
            assertEquals(
                    21 + VirtioConsole.EMERGENCY_BYTES, model.emergencyText().length());
            assertTrue(model.console.poll(0) > 0);
            model.console.poll(0);
            assertEquals(10_021, model.emergencyText().length());
            assertEquals(0, model.dropped());
            assertEquals(Duty.NO_DEADLINE, model.console.nextDeadlineNs());
        }
    }

    @Test
    void aDeviceThatIsGivenUpWithoutOneLosesTextWhichIsCounted() {
        try (ModelConsole model = Bus.MMIO.during(() -> new ModelConsole(Features.VERSION_1))) {
            model.asleep = true;
            model.console.write("12345");
            model.giveUp();
            model.console.write("678");
            assertEquals(8, model.dropped());
            assertEquals("", model.emergencyText());
        }
    }

    @Test
    void controlCIsTheWishToStopAndIsToldOnce() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            AtomicInteger stops = new AtomicInteger();
            model.console.onStopRequest(() -> {
                throw new AssertionError("the first action was replaced");
            });
            model.console.onStopRequest(stops::incrementAndGet);
            assertTrue(model.type((byte) 'a', (byte) 'b'));
            assertEquals(2, model.console.poll(0));
            assertEquals(0, stops.get());
            assertTrue(model.type((byte) 'c', (byte) 3));
            model.console.poll(0);
            assertEquals(1, stops.get());
            assertTrue(model.type((byte) 3));
            model.console.poll(0);
            assertEquals(1, stops.get());
        }
    }

    @Test
    void aFloodOfInputIsTakenInPortions() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            for (int i = 0; i < 1000; i++) {
                int typed = 0;
                while (model.type(new byte[64])) {
                    typed++;
                }
                assertTrue(typed > 0 && typed <= 16, typed + " buffers");
                assertTrue(model.console.poll(0) <= 16 * 64);
            }
            model.console.write("alive");
            assertEquals("alive", model.text());
        }
    }

    @Test
    void closingWaitsALittleForWhatWasWritten() {
        ModelConsole model = new ModelConsole(ModelConsole.ALL);
        model.asleep = true;
        model.console.write("lost");
        long before = model.platform.clock().nowNs();
        model.close();
        assertTrue(model.platform.clock().nowNs() - before < 600_000_000L);
        assertEquals(4, model.dropped());
        model.console.write("more");
        assertEquals(8, model.dropped());
        assertEquals(0, model.console.poll(0));
    }

    @Test
    void linesOfManyThreadsAllComeOutWhole() throws Exception {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String line = "thread " + i + "\n";
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int j = 0; j < 500; j++) {
                        model.console.write(line);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(
                    2000,
                    model.text()
                            .lines()
                            .filter(line -> line.matches("thread \\d"))
                            .count());
            assertEquals(0, model.dropped());
        }
    }

    @Test
    void whoeverLogsWhileTheDeviceIsStartedAgainMayWrite() {
        try (ModelConsole model = new ModelConsole(ModelConsole.ALL)) {
            // The device's own work stands for whatever calls back while the queues are being worked at.
            Runnable work = model.transport.onKick;
            AtomicInteger depth = new AtomicInteger();
            model.transport.onKick = () -> {
                if (depth.getAndIncrement() == 0) {
                    model.console.write("inner ");
                }
                work.run();
            };
            model.console.write("outer ");
            assertEquals("outer inner ", model.text());
        }
    }
}
