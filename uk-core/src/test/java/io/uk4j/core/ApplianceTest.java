package io.uk4j.core;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.config.Key;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ApplianceTest {
    private static final Config CONFIG =
            Configs.builder().keys(Key.string("uk.a", "a key").withDefault("b")).build();

    private final TestPlatform platform = new TestPlatform("test");
    private final Appliance appliance = Appliance.create(platform, CONFIG, List.of("x", "y"));
    private final List<String> events = new CopyOnWriteArrayList<>();

    private AutoCloseable closing(String name) {
        return () -> events.add("close " + name);
    }

    @Test
    void holdsWhatItWasMadeOf() {
        assertSame(platform, appliance.platform());
        assertSame(CONFIG, appliance.config());
        assertEquals(List.of("x", "y"), appliance.arguments());
        appliance.counters().counter("uk_a_total", "A.").increment();
        assertTrue(appliance.counters().text().contains("uk_a_total 1\n"));
        assertFalse(appliance.isStopping());
    }

    @Test
    void runsUntilTheConsoleAsksItToStopAndClosesInReverseOrder() throws Exception {
        appliance.run(a -> {
            a.own(closing("1"));
            a.own(closing("2"));
            a.own(closing("3"));
            platform.requestStop();
        });
        assertEquals(List.of("close 3", "close 2", "close 1"), events);
        assertTrue(appliance.isStopping());
        assertFalse(platform.closed, "the platform is the caller's");
    }

    @Test
    void closesEverythingThoughSomeOfItFails() throws Exception {
        appliance.run(a -> {
            a.own(closing("1"));
            a.own(() -> {
                throw new IOException("cannot close");
            });
            a.own(() -> {
                throw new AssertionError("nor this");
            });
            a.own(closing("4"));
            a.stop();
        });
        assertEquals(List.of("close 4", "close 1"), events);
    }

    @Test
    void passesOnWhatTheBodyThrowsAfterClosing() {
        for (Throwable thrown : List.of(new IOException("a"), new AssertionError("b"))) {
            Appliance failing = Appliance.create(platform, CONFIG);
            assertSame(
                    thrown,
                    assertThrows(
                            Throwable.class,
                            () -> failing.run(a -> {
                                a.own(closing("1"));
                                throwIt(thrown);
                            })));
        }
        assertEquals(List.of("close 1", "close 1"), events);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void throwIt(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void interruptsABodyThatStillRuns() throws Exception {
        appliance.run(a -> {
            a.stop();
            try {
                new CountDownLatch(1).await();
            } finally {
                events.add("body ended");
            }
        });
        assertEquals(List.of("body ended"), events);
    }

    @Test
    void stopsWhenItsCallerIsInterrupted() throws Exception {
        Thread caller = Thread.currentThread();
        appliance.run(a -> {
            a.own(closing("1"));
            caller.interrupt();
        });
        assertTrue(Thread.interrupted());
        assertEquals(List.of("close 1"), events);
    }

    @Test
    void takesFurtherStopsWhileItStops() throws Exception {
        appliance.run(a -> {
            a.own(() -> {
                platform.requestStop();
                a.stop();
                a.close();
                events.add("closed");
            });
            a.stop();
        });
        appliance.stop();
        appliance.close();
        assertEquals(List.of("closed"), events);
    }

    @Test
    void saysWhichResourceHangs() {
        CountDownLatch never = new CountDownLatch(1);
        StopTimeoutException e = assertThrows(
                StopTimeoutException.class,
                () -> appliance.run(
                        a -> {
                            a.own(new Hanging(never));
                            a.stop();
                        },
                        Duration.ofMillis(50),
                        () -> {}));
        never.countDown();
        assertTrue(
                e.getMessage()
                        .startsWith("The appliance did not stop within 0.05 s: " + Hanging.class.getName()
                                + " hangs.\nIt is at:\n"),
                e.getMessage());
        assertTrue(e.getMessage().contains("ApplianceTest$Hanging.close(ApplianceTest.java:"), e.getMessage());
    }

    private record Hanging(CountDownLatch never) implements AutoCloseable {
        @Override
        public void close() {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    void saysThatTheBodyHangs() {
        CountDownLatch never = new CountDownLatch(1);
        StopTimeoutException e = assertThrows(
                StopTimeoutException.class,
                () -> appliance.run(
                        a -> {
                            a.own(closing("1"));
                            a.stop();
                            awaitUninterruptibly(never);
                        },
                        Duration.ofMillis(50),
                        () -> {}));
        never.countDown();
        assertTrue(e.getMessage().contains("the application's body hangs."), e.getMessage());
        assertTrue(e.getMessage().contains("awaitUninterruptibly"), e.getMessage());
        assertEquals(List.of("close 1"), events);
    }

    private void awaitUninterruptibly(CountDownLatch never) {
        while (true) {
            try {
                never.await();
                return;
            } catch (InterruptedException _) {
                events.removeIf("interrupted"::equals);
            }
        }
    }

    @Test
    void closesAtOnceWhatIsOwnedTooLate() {
        appliance.own(closing("1"));
        appliance.close();
        assertThrows(IllegalStateException.class, () -> appliance.own(closing("2")));
        assertEquals(List.of("close 1", "close 2"), events);
        assertDoesNotThrow(appliance::close);
    }

    @Test
    void describesPlatformModulesAddedSectionsAndConfiguration() {
        appliance.describeWith("Loops", () -> "replaced");
        appliance.describeWith("Fibers", () -> "carrier: loop");
        appliance.describeWith("Loops", () -> "loop0\nloop1\n");
        String version =
                LinkedModules.find(ApplianceTest.class.getClassLoader()).get("uk-core");
        assertEquals("""
                Platform
                  test

                Modules
                  uk-core  VERSION

                Loops
                  loop0
                  loop1

                Fibers
                  carrier: loop

                Configuration
                  uk.a        b  default
                  uk.profile  -  not set
                """.replace("VERSION", String.valueOf(version)), appliance.describe());
    }
}
