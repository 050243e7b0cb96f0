package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoopTest {
    private final TestPlatform real = TestPlatform.real();
    private final TestPlatform virtual = TestPlatform.virtual();

    @Test
    void runsTasksInTheOrderOfArrivalOnItsOwnThread() throws InterruptedException {
        try (Loop loop = Loop.builder(real).name("own").build().start()) {
            List<String> seen = new ArrayList<>();
            CountDownLatch done = new CountDownLatch(1);
            assertFalse(loop.inLoop());
            loop.execute(() -> seen.add(Thread.currentThread().getName()));
            loop.execute(() -> seen.add("in loop: " + loop.inLoop()));
            loop.execute(done::countDown);
            done.await();
            assertEquals(List.of("own", "in loop: true"), seen);
        }
    }

    @Test
    void firesTimersInVirtualTimeExactlyWhenDue() {
        Loop loop = Loop.builder(virtual).build();
        List<Long> times = new ArrayList<>();
        Timer[] timer = new Timer[1];
        timer[0] = loop.newTimer(() -> {
            times.add(virtual.nowNs());
            if (times.size() < 3) {
                timer[0].schedule(virtual.nowNs() + 1_500_000);
            }
        });
        timer[0].schedule(7);
        virtual.runOut(loop);
        assertEquals(List.of(7L, 1_500_007L, 3_000_007L), times);
        loop.close();
    }

    @Test
    void pollsDutiesAndAsksThemForTheirDeadlines() {
        Loop loop = Loop.builder(virtual).build();
        List<Long> polls = new ArrayList<>();
        Duty duty = new Duty() {
            @Override
            public int poll(long nowNs) {
                polls.add(nowNs);
                return 0;
            }

            @Override
            public long nextDeadlineNs() {
                return polls.size() < 2 ? 1234 : NO_DEADLINE;
            }
        };
        loop.add(duty);
        assertThrows(IllegalArgumentException.class, () -> loop.add(duty));
        virtual.runOut(loop);
        assertEquals(List.of(0L, 1234L), polls);
        loop.remove(duty);
        loop.poll(2000);
        assertEquals(2, polls.size());
        loop.close();
    }

    @Test
    void aDutyRemovedInARoundIsPolledNoMoreAndAnAddedOneFromTheNextOn() {
        Loop loop = Loop.builder(virtual).build();
        AtomicInteger removedPolls = new AtomicInteger();
        AtomicInteger addedPolls = new AtomicInteger();
        Duty removed = nowNs -> removedPolls.incrementAndGet();
        Duty added = nowNs -> addedPolls.incrementAndGet();
        loop.add(new Duty() {
            @Override
            public int poll(long nowNs) {
                if (addedPolls.get() == 0 && nowNs == 1) {
                    loop.remove(removed);
                    loop.add(added);
                }
                return 0;
            }
        });
        loop.add(removed);
        loop.poll(1);
        assertEquals(0, removedPolls.get());
        assertEquals(0, addedPolls.get());
        loop.poll(2);
        assertEquals(0, removedPolls.get());
        assertEquals(1, addedPolls.get());
        loop.close();
    }

    @Test
    void goesOnWhenTasksTimersAndDutiesThrow() {
        Loop loop = Loop.builder(virtual).build();
        AtomicInteger runs = new AtomicInteger();
        loop.add(nowNs -> {
            throw new IllegalStateException("a duty, on purpose");
        });
        loop.execute(() -> {
            throw new AssertionError("a task, on purpose");
        });
        loop.newTimer(() -> {
                    throw new IllegalStateException("a timer, on purpose");
                })
                .schedule(0);
        loop.execute(runs::incrementAndGet);
        loop.newTimer(runs::incrementAndGet).schedule(0);
        loop.poll(0);
        loop.poll(0);
        assertEquals(2, runs.get());
        loop.close();
    }

    @Test
    void refusesWhatDoesNotFitIntoTheInbox() {
        Loop loop = Loop.builder(virtual).inboxCapacity(16).build();
        AtomicInteger runs = new AtomicInteger();
        for (int i = 0; i < 16; i++) {
            assertTrue(loop.tryExecute(runs::incrementAndGet));
        }
        assertFalse(loop.tryExecute(runs::incrementAndGet));
        assertThrows(RejectedExecutionException.class, () -> loop.execute(runs::incrementAndGet));
        loop.poll(0);
        assertTrue(loop.tryExecute(runs::incrementAndGet));
        loop.poll(0);
        assertEquals(17, runs.get());
        loop.close();
    }

    @Test
    void closeRunsWhatWasAcceptedAndRefusesTheRest() {
        Loop loop = Loop.builder(virtual).build();
        AtomicInteger runs = new AtomicInteger();
        loop.execute(runs::incrementAndGet);
        loop.close();
        assertEquals(1, runs.get());
        assertFalse(loop.tryExecute(runs::incrementAndGet));
        loop.close();
        assertEquals(0, loop.poll(0));
        assertEquals(1, runs.get());
    }

    @Test
    void everyTaskAcceptedWhileTheLoopClosesIsRun() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            Loop loop = Loop.builder(real).inboxCapacity(16).build().start();
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger runs = new AtomicInteger();
            CountDownLatch started = new CountDownLatch(3);
            Thread[] producers = new Thread[3];
            for (int i = 0; i < producers.length; i++) {
                producers[i] = Thread.ofPlatform().start(() -> {
                    started.countDown();
                    int refusals = 0;
                    while (refusals < 100) {
                        if (loop.tryExecute(runs::incrementAndGet)) {
                            accepted.incrementAndGet();
                        } else {
                            refusals++;
                        }
                    }
                });
            }
            started.await();
            loop.close();
            for (Thread producer : producers) {
                producer.join();
            }
            assertEquals(accepted.get(), runs.get());
        }
    }

    @Test
    void noWakeUpIsLostWhenManyThreadsHandOverToAnIdleLoop() throws InterruptedException {
        try (Loop loop = Loop.builder(real).build().start()) {
            int threads = 4;
            int tasks = 5_000;
            AtomicInteger runs = new AtomicInteger();
            Thread[] producers = new Thread[threads];
            for (int i = 0; i < threads; i++) {
                producers[i] = Thread.ofPlatform().start(() -> {
                    for (int task = 0; task < tasks; task++) {
                        CountDownLatch ran = new CountDownLatch(1);
                        loop.execute(() -> {
                            runs.incrementAndGet();
                            ran.countDown();
                        });
                        // Waiting for each lets the loop fall asleep again and again.
                        assertTrue(assertDoesNotThrow(() -> ran.await(30, TimeUnit.SECONDS)), "a lost wake-up");
                    }
                });
            }
            for (Thread producer : producers) {
                producer.join();
            }
            assertEquals(threads * tasks, runs.get());
        }
    }

    @Test
    void handingOverToABusyLoopMakesNoWakeUp() {
        Loop loop = Loop.builder(virtual).build();
        loop.poll(0);
        loop.execute(() -> {});
        assertEquals(0, virtual.wakeups.get());
        loop.poll(0);
        assertFalse(loop.arm());
        loop.execute(() -> {});
        loop.execute(() -> {});
        assertEquals(1, virtual.wakeups.get());
        assertTrue(loop.arm(), "there is work, so it must not sleep");
        loop.close();
    }

    @Test
    void sleepsUntilATimerIsDue() throws InterruptedException {
        try (Loop loop = Loop.builder(real).build()) {
            CountDownLatch fired = new CountDownLatch(1);
            loop.newTimer(fired::countDown).schedule(real.nowNs() + 20_000_000);
            loop.start();
            fired.await();
        }
    }

    @Test
    void runsOnTheCallersThreadUntilItIsStopped() {
        Loop loop = Loop.builder(real).build();
        Thread[] seen = new Thread[1];
        loop.execute(() -> {
            seen[0] = Thread.currentThread();
            loop.stop();
        });
        loop.run();
        assertSame(Thread.currentThread(), seen[0]);
        assertThrows(IllegalStateException.class, loop::start);
    }

    @Test
    void aLoopWithAThreadIsPolledByNobodyElse() {
        try (Loop loop = Loop.builder(real).build().start()) {
            assertThrows(IllegalStateException.class, () -> loop.poll(0));
        }
    }

    @Test
    void aLoopMayCloseItself() throws InterruptedException {
        Loop loop = Loop.builder(real).build();
        CountDownLatch closed = new CountDownLatch(1);
        loop.execute(() -> {
            loop.close();
            closed.countDown();
        });
        loop.start();
        closed.await();
        loop.close();
        assertFalse(loop.tryExecute(() -> {}));
    }
}
