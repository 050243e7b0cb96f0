package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class FibersTest {
    private final TestPlatform real = TestPlatform.real();
    private Loop loop = Loop.builder(real).name("carrier").build();

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private void use(FiberMode mode) {
        loop.close();
        loop = Loop.builder(real)
                .name("carrier")
                .fiberMode(mode)
                .closeGrace(Duration.ofSeconds(30))
                .build();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    @SuppressWarnings("ThreadPriorityCheck") // The switch is wanted, not an order.
    void tenThousandFibersStartAndEnd(FiberMode mode) throws InterruptedException {
        use(mode);
        loop.start();
        int count = 10_000;
        CountDownLatch ended = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            loop.fibers().start("f" + i, () -> {
                Thread.yield();
                ended.countDown();
            });
        }
        ended.await();
        loop.close();
        assertEquals(0, loop.fibers().alive());
    }

    @Test
    void autoIsTheLoopWhereTheJdkLetsUs() {
        assertEquals(FiberMode.LOOP, loop.fibers().mode());
        assertTrue(loop.describe().contains("fibers: loop"), loop.describe());
    }

    @Test
    void fibersRunOnTheLoopsThreadAndKnowIt() throws InterruptedException {
        AtomicBoolean inLoop = new AtomicBoolean();
        AtomicBoolean virtual = new AtomicBoolean();
        Thread fiber = loop.fibers().start("f", () -> {
            inLoop.set(loop.inLoop());
            virtual.set(Thread.currentThread().isVirtual());
        });
        loop.start();
        fiber.join();
        assertTrue(inLoop.get());
        assertTrue(virtual.get());
        assertEquals("f", fiber.getName());
    }

    @Test
    void handoffFibersAreNotInTheLoop() throws InterruptedException {
        use(FiberMode.HANDOFF);
        AtomicBoolean inLoop = new AtomicBoolean(true);
        loop.start();
        loop.fibers().start("f", () -> inLoop.set(loop.inLoop())).join();
        assertFalse(inLoop.get());
    }

    @Test
    void threadsStartedByFibersAreCarriedByTheLoopToo() throws InterruptedException {
        AtomicReference<Future<Boolean>> nested = new AtomicReference<>();
        Thread fiber = loop.fibers().start("outer", () -> {
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                nested.set(executor.submit(() -> {
                    Thread.sleep(Duration.ofMillis(1));
                    return loop.inLoop();
                }));
            }
        });
        loop.start();
        fiber.join();
        assertTrue(nested.get().resultNow());
    }

    @Test
    void aFiberOfAnotherLoopIsNotInThisOne() throws InterruptedException {
        try (Loop other = Loop.builder(real).build().start()) {
            AtomicBoolean inLoop = new AtomicBoolean(true);
            other.fibers().start("f", () -> inLoop.set(loop.inLoop())).join();
            assertFalse(inLoop.get());
        }
    }

    @Test
    void whateverAFiberBlocksOnTheLoopGoesOn() throws InterruptedException {
        Object monitor = new Object();
        AtomicBoolean parkedGoOn = new AtomicBoolean();
        boolean[] notified = {false};
        CountDownLatch blocked = new CountDownLatch(4);
        List<Thread> fibers = new ArrayList<>();
        loop.start();
        synchronized (monitor) {
            fibers.add(loop.fibers().start("monitor", () -> {
                blocked.countDown();
                synchronized (monitor) {
                    notified[0] = true;
                    monitor.notifyAll();
                }
            }));
            fibers.add(loop.fibers().start("park", () -> {
                blocked.countDown();
                while (!parkedGoOn.get()) {
                    LockSupport.park();
                }
            }));
            fibers.add(loop.fibers().start("sleep", () -> {
                blocked.countDown();
                try {
                    Thread.sleep(Duration.ofHours(1));
                } catch (InterruptedException _) {
                    // As the test does below.
                }
            }));
            fibers.add(loop.fibers().start("wait", () -> {
                blocked.countDown();
                synchronized (monitor) {
                    while (!notified[0]) {
                        try {
                            monitor.wait();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                }
            }));
            blocked.await();
            CountDownLatch ran = new CountDownLatch(1);
            loop.execute(ran::countDown);
            ran.await();
        }
        parkedGoOn.set(true);
        LockSupport.unpark(fibers.get(1));
        fibers.get(2).interrupt();
        for (Thread fiber : fibers) {
            fiber.join();
        }
    }

    @Test
    void refusesMoreFibersThanTheLimit() {
        loop.close();
        loop = Loop.builder(real).fiberLimit(2).build();
        loop.fibers().start("a", LockSupport::park);
        loop.fibers().start("b", LockSupport::park);
        assertNull(loop.fibers().tryStart("c", () -> {}));
        var refusal = assertThrows(
                RejectedExecutionException.class, () -> loop.fibers().start("c", () -> {}));
        assertTrue(refusal.getMessage().contains("uk.sched.fiber.limit"), refusal.getMessage());
        loop.close();
        assertNull(loop.fibers().tryStart("d", () -> {}));
    }

    @Test
    void aFiberThatThrowsHarmsNobody() throws InterruptedException {
        loop.start();
        loop.fibers()
                .start("thrower", () -> {
                    throw new IllegalStateException("a fiber, on purpose");
                })
                .join();
        AtomicInteger runs = new AtomicInteger();
        loop.fibers().start("next", runs::incrementAndGet).join();
        assertEquals(1, runs.get());
        assertEquals(0, loop.fibers().alive());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void closeInterruptsFibersAndWaitsForThem(FiberMode mode) throws InterruptedException {
        use(mode);
        loop.start();
        CountDownLatch running = new CountDownLatch(1);
        AtomicBoolean tidied = new AtomicBoolean();
        loop.fibers().start("f", () -> {
            running.countDown();
            try {
                Thread.sleep(Duration.ofHours(1));
            } catch (InterruptedException _) {
                try {
                    // The loop still works for it.
                    tidied.set(loop.call(loop::inLoop));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        running.await();
        loop.close();
        assertTrue(tidied.get());
        assertEquals(0, loop.fibers().alive());
    }

    @Test
    void closeGivesUpOnFibersThatDoNotEnd() {
        loop.close();
        loop = Loop.builder(real).closeGrace(Duration.ofMillis(20)).build();
        AtomicBoolean never = new AtomicBoolean();
        Thread stubborn = loop.fibers().start("stubborn", () -> {
            while (!never.get()) {
                Thread.interrupted();
                LockSupport.park();
            }
        });
        loop.start().close();
        assertEquals(1, loop.fibers().alive());
        assertTrue(stubborn.isAlive());
        // Whoever unparks it now is not bothered.
        LockSupport.unpark(stubborn);
    }

    @Test
    void sleepsByTheLoopsClock() {
        TestPlatform virtual = TestPlatform.virtual();
        Loop stepped = Loop.builder(virtual).build();
        List<Long> times = new ArrayList<>();
        stepped.fibers().start("f", () -> {
            try {
                stepped.fibers().sleepUntil(3_600_000_000_000L);
                times.add(virtual.nowNs());
                stepped.fibers().sleepUntil(5);
                times.add(virtual.nowNs());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        virtual.runOut(stepped);
        assertEquals(List.of(3_600_000_000_000L, 3_600_000_000_000L), times);
        assertEquals(0, stepped.fibers().alive());
        stepped.close();
    }

    @Test
    void theLoopWaitsForAFiberThatLostItsCarrierInTheMidstOfLoopOwnedWork() throws InterruptedException {
        Object monitor = new Object();
        List<String> order = new ArrayList<>();
        CountDownLatch inWork = new CountDownLatch(1);
        CountDownLatch handedOver = new CountDownLatch(1);
        Thread first;
        Thread second;
        Thread bystander;
        CountDownLatch bystanderRan = new CountDownLatch(1);
        synchronized (monitor) {
            first = loop.fibers()
                    .start(
                            "first",
                            () -> work(() -> {
                                order.add("first begins");
                                inWork.countDown();
                                synchronized (monitor) {
                                    order.add("first ends");
                                }
                            }));
            loop.start();
            inWork.await();
            second = loop.fibers().start("second", () -> work(() -> order.add("second")));
            loop.execute(() -> {
                order.add("task");
                handedOver.countDown();
            });
            bystander = loop.fibers().start("bystander", bystanderRan::countDown);
            bystanderRan.await();
            assertEquals(1, handedOver.getCount(), "no task runs in between");
        }
        first.join();
        second.join();
        bystander.join();
        handedOver.await();
        assertEquals(List.of("first begins", "first ends", "second", "task"), order);
    }

    private void work(Runnable body) {
        try {
            loop.call(() -> {
                body.run();
                return true;
            });
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theThreadOfAFiberIsReturned() {
        assertNotNull(loop.fibers().tryStart("f", () -> {}));
    }
}
