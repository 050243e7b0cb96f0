package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link EventLoop} does, whether it runs on a thread of its own or is driven by a simulation. */
public abstract class EventLoopContract {
    private static final long MS = 1_000_000;

    /** A running loop. */
    public interface Fixture extends AutoCloseable {
        /** The loop under test. */
        EventLoop loop();

        /**
         * Lets the loop run until the condition holds. A loop on its own thread runs anyway: then this only waits.
         *
         * @param condition read on the caller's thread
         * @return whether it came to hold within a few seconds of the loop's time
         */
        boolean runUntil(BooleanSupplier condition);

        /** Ends the loop; it refuses tasks afterwards. Closing twice has no further effect. */
        @Override
        void close();
    }

    private @Nullable Fixture opened;

    /** Creates the suite. */
    protected EventLoopContract() {}

    /**
     * Opens a loop that runs.
     *
     * @throws Exception if that fails, which fails the test
     */
    protected abstract Fixture open() throws Exception;

    @BeforeEach
    final void openLoop() throws Exception {
        opened = open();
    }

    @AfterEach
    final void closeLoop() {
        if (opened != null) {
            opened.close();
        }
    }

    private Fixture fixture() {
        if (opened == null) {
            throw new IllegalStateException("The fixture is not open.");
        }
        return opened;
    }

    private EventLoop loop() {
        return fixture().loop();
    }

    private void await(String what, BooleanSupplier condition) {
        assertTrue(fixture().runUntil(condition), () -> "Waited in vain for " + what + ".");
    }

    /** Runs a piece of a test on the loop, and passes its failure on. */
    private void onLoop(Runnable body) {
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        AtomicInteger done = new AtomicInteger();
        loop().execute(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                thrown.set(e);
            } finally {
                done.set(1);
            }
        });
        await("a task", () -> done.get() == 1);
        if (thrown.get() != null) {
            throw new AssertionError("on the loop", thrown.get());
        }
    }

    private static <T> List<T> shared() {
        return Collections.synchronizedList(new ArrayList<>());
    }

    // --- tasks

    @Test
    void tasksRunInTheOrderOfArrival() {
        List<Integer> ran = shared();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int number = i;
            expected.add(number);
            loop().execute(() -> ran.add(number));
        }

        await("200 tasks", () -> ran.size() >= 200);
        assertEquals(expected, ran);
    }

    @Test
    void aTaskKnowsThatItIsInTheLoopAndOthersAreNot() {
        assertFalse(loop().inLoop());
        onLoop(() -> assertTrue(loop().inLoop()));
        assertFalse(loop().inLoop());
    }

    @Test
    void aTaskOfATaskRunsToo() {
        List<String> ran = shared();
        loop().execute(() -> {
            loop().execute(() -> ran.add("inner"));
            ran.add("outer");
        });

        await("both tasks", () -> ran.size() == 2);
        assertEquals(List.of("outer", "inner"), ran);
    }

    @Test
    void aTaskThatFailsDoesNotStopTheLoop() {
        loop().execute(() -> {
            throw new UnsupportedOperationException("as meant");
        });

        onLoop(() -> {});
    }

    @Test
    void anIdleLoopWakesForEachTask() {
        AtomicInteger ran = new AtomicInteger();
        for (int i = 1; i <= 300; i++) {
            int number = i;
            loop().execute(ran::incrementAndGet);
            await("task " + number, () -> ran.get() == number);
        }
    }

    @Test
    void eachThreadsTasksKeepTheirOrder() throws Exception {
        List<Integer> ran = shared();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            int thread = t;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 50; i++) {
                    int number = 1_000 * thread + i;
                    loop().execute(() -> ran.add(number));
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        await("150 tasks", () -> ran.size() >= 150);

        for (int t = 0; t < 3; t++) {
            int thread = t;
            List<Integer> own = ran.stream().filter(n -> n / 1_000 == thread).toList();
            assertEquals(own.stream().sorted().toList(), own);
            assertEquals(50, own.size());
        }
    }

    @Test
    void aFullInboxRefusesAndWhatItTookStillRuns() {
        AtomicInteger ran = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        onLoop(() -> {
            // The loop is busy with this very task, so nothing leaves its inbox meanwhile.
            while (taken.get() < 10_000_000 && loop().tryExecute(ran::incrementAndGet)) {
                taken.incrementAndGet();
            }
            assertTrue(taken.get() < 10_000_000, "ten million tasks were taken: the inbox has no bound");
            assertThrows(RejectedExecutionException.class, () -> loop().execute(() -> {}));
        });

        await("the tasks that were taken", () -> ran.get() == taken.get());
        onLoop(() -> {});
    }

    @Test
    void anEndedLoopRefuses() {
        fixture().close();

        assertFalse(loop().tryExecute(() -> {}));
        assertThrows(RejectedExecutionException.class, () -> loop().execute(() -> {}));
    }

    // --- timers

    @Test
    void aTimerFiresOnceAndNotTooEarly() {
        List<Long> fired = shared();
        AtomicLong deadline = new AtomicLong();
        onLoop(() -> {
            Timer timer = loop().newTimer(() -> fired.add(loop().clock().nowNs()));
            assertFalse(timer.isScheduled());
            deadline.set(loop().clock().nowNs() + 5 * MS);
            timer.schedule(deadline.get());
            assertTrue(timer.isScheduled());
            assertEquals(deadline.get(), timer.deadlineNs());
        });

        await("a timer", () -> !fired.isEmpty());
        assertTrue(fired.getFirst() - deadline.get() >= 0, "fired " + fired + " before " + deadline);
        runFor(20 * MS);
        assertEquals(1, fired.size());
    }

    @Test
    void aTimerInThePastFires() {
        AtomicInteger fired = new AtomicInteger();
        onLoop(() ->
                loop().newTimer(fired::incrementAndGet).schedule(loop().clock().nowNs() - 1_000 * MS));

        await("a timer in the past", () -> fired.get() == 1);
    }

    @Test
    void aCancelledTimerDoesNotFireUntilItIsScheduledAgain() {
        AtomicInteger fired = new AtomicInteger();
        AtomicReference<@Nullable Timer> timer = new AtomicReference<>();
        onLoop(() -> {
            Timer made = loop().newTimer(fired::incrementAndGet);
            made.cancel();
            made.schedule(loop().clock().nowNs() + 3 * MS);
            made.cancel();
            assertFalse(made.isScheduled());
            timer.set(made);
        });
        runFor(20 * MS);
        assertEquals(0, fired.get());

        onLoop(() -> {
            Timer made = timer.get();
            if (made != null) {
                made.schedule(loop().clock().nowNs() + MS);
            }
        });
        await("the timer", () -> fired.get() == 1);
    }

    @Test
    void schedulingAgainMovesATimerEitherWay() {
        List<String> fired = shared();
        onLoop(() -> {
            long now = loop().clock().nowNs();
            Timer earlier = loop().newTimer(() -> fired.add("earlier"));
            earlier.schedule(now + 500 * MS);
            earlier.schedule(now + 5 * MS);
            Timer later = loop().newTimer(() -> fired.add("later"));
            later.schedule(now + 5 * MS);
            later.schedule(now + 60 * MS);
            Timer between = loop().newTimer(() -> fired.add("between"));
            between.schedule(now + 30 * MS);
        });

        await("three timers", () -> fired.size() >= 3);
        assertEquals(List.of("earlier", "between", "later"), fired);
    }

    @Test
    void timersFireInTheOrderOfTheirDeadlines() {
        List<Integer> fired = shared();
        onLoop(() -> {
            long now = loop().clock().nowNs();
            for (int i : new int[] {7, 2, 9, 1, 5, 3, 8, 6, 4}) {
                loop().newTimer(() -> fired.add(i)).schedule(now + i * 7L * MS);
            }
        });

        await("nine timers", () -> fired.size() >= 9);
        assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9), fired);
    }

    @Test
    void aTimerMayScheduleItselfFromItsAction() {
        AtomicInteger fired = new AtomicInteger();
        List<Boolean> scheduledInAction = shared();
        onLoop(() -> {
            AtomicReference<@Nullable Timer> self = new AtomicReference<>();
            Timer timer = loop().newTimer(() -> {
                Timer me = self.get();
                if (me == null) {
                    return;
                }
                scheduledInAction.add(me.isScheduled());
                if (fired.incrementAndGet() < 5) {
                    me.schedule(loop().clock().nowNs() + MS);
                }
            });
            self.set(timer);
            timer.schedule(loop().clock().nowNs());
        });

        await("five rounds of a timer", () -> fired.get() == 5);
        assertEquals(Collections.nCopies(5, false), scheduledInAction);
    }

    @Test
    void aTimerThatFailsDoesNotStopTheLoop() {
        AtomicInteger fired = new AtomicInteger();
        onLoop(() -> {
            long now = loop().clock().nowNs();
            loop().newTimer(() -> {
                        throw new UnsupportedOperationException("as meant");
                    })
                    .schedule(now + MS);
            loop().newTimer(fired::incrementAndGet).schedule(now + 3 * MS);
        });

        await("the timer after the one that failed", () -> fired.get() == 1);
    }

    // --- duties

    @Test
    void aDutyIsPolledOnTheLoopWhileItHasWork() {
        AtomicInteger polls = new AtomicInteger();
        List<Boolean> inLoop = shared();
        onLoop(() -> loop().add(nowNs -> {
            inLoop.add(loop().inLoop());
            return polls.incrementAndGet() < 10 ? 1 : 0;
        }));

        await("ten polls", () -> polls.get() >= 10);
        assertFalse(inLoop.contains(false));
    }

    @Test
    void aRemovedDutyIsPolledNoMore() {
        AtomicInteger polls = new AtomicInteger();
        Duty duty = nowNs -> {
            polls.incrementAndGet();
            return 0;
        };
        onLoop(() -> loop().add(duty));
        await("the first poll", () -> polls.get() > 0);
        onLoop(() -> loop().remove(duty));
        int before = polls.get();

        onLoop(() -> {});
        runFor(5 * MS);
        assertEquals(before, polls.get());
        onLoop(() -> loop().remove(duty));
    }

    @Test
    void aDutyMayRemoveItself() {
        AtomicInteger polls = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        onLoop(() -> {
            loop().add(new Duty() {
                @Override
                public int poll(long nowNs) {
                    polls.incrementAndGet();
                    loop().remove(this);
                    return 1;
                }
            });
            loop().add(nowNs -> {
                others.incrementAndGet();
                return 0;
            });
        });

        await("the other duty", () -> others.get() > 0 && polls.get() > 0);
        runFor(2 * MS);
        assertEquals(1, polls.get());
    }

    @Test
    void aDutysDeadlineEndsTheSleep() {
        AtomicLong workedAt = new AtomicLong();
        AtomicLong deadline = new AtomicLong();
        onLoop(() -> {
            long due = loop().clock().nowNs() + 10 * MS;
            deadline.set(due);
            loop().add(new Duty() {
                private boolean done;

                @Override
                public int poll(long nowNs) {
                    if (done || nowNs - due < 0) {
                        return 0;
                    }
                    done = true;
                    workedAt.set(nowNs);
                    return 1;
                }

                @Override
                public long nextDeadlineNs() {
                    return done ? NO_DEADLINE : due;
                }
            });
        });

        await("the duty's deadline", () -> workedAt.get() != 0L);
        assertTrue(workedAt.get() - deadline.get() >= 0);
    }

    @Test
    void aDutyWithWorkAtArmingIsPolledAgainAtOnce() {
        AtomicInteger left = new AtomicInteger(20);
        onLoop(() -> loop().add(new Duty() {
            private boolean found;

            @Override
            public int poll(long nowNs) {
                if (!found) {
                    return 0;
                }
                found = false;
                left.decrementAndGet();
                return 1;
            }

            @Override
            public boolean arm() {
                found = left.get() > 0;
                return found;
            }

            @Override
            public long nextDeadlineNs() {
                return found ? loop().clock().nowNs() : NO_DEADLINE;
            }
        }));

        await("work that is found when arming", () -> left.get() == 0 || !armsBeforeSleep());
    }

    /** Whether the loop sleeps by itself, and so arms its duties; one that a simulation drives does neither. */
    protected boolean armsBeforeSleep() {
        return true;
    }

    /** Lets the loop's time pass. */
    private void runFor(long durationNs) {
        long endNs = loop().clock().nowNs() + durationNs;
        AtomicInteger reached = new AtomicInteger();
        onLoop(() -> loop().newTimer(() -> reached.set(1)).schedule(endNs));
        await("time to pass", () -> reached.get() == 1);
    }
}
