package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class LoopCallTest {
    private final TestPlatform real = TestPlatform.real();
    private Loop loop = Loop.builder(real).build();

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private void start(FiberMode mode) {
        loop.close();
        loop = Loop.builder(real)
                .fiberMode(mode)
                .closeGrace(Duration.ofMillis(50))
                .build()
                .start();
    }

    /** Succeeds when the loop has set the result; all fields but the latch are the loop's. */
    private final class Take extends LoopCall {
        final CountDownLatch attempted = new CountDownLatch(1);

        @Nullable
        String available;

        @Nullable
        String taken;

        int withdrawals;
        boolean attemptsOffTheLoop;

        Take() {
            super(LoopCallTest.this.loop);
        }

        @Nullable
        String take(long deadlineNs) throws InterruptedException {
            return call(deadlineNs) ? taken : null;
        }

        @Override
        protected boolean attempt() {
            attemptsOffTheLoop |= !loop().inLoop();
            attempted.countDown();
            if ("poison".equals(available)) {
                throw new IllegalArgumentException("as meant");
            }
            taken = available;
            available = null;
            return taken != null;
        }

        @Override
        protected void withdraw() {
            withdrawals++;
        }

        void put(String value) {
            available = value;
            advance();
        }
    }

    /** Runs a call in a fiber and gives what came of it: a value, null, or an exception. */
    private final class Caller {
        final AtomicReference<@Nullable Object> result = new AtomicReference<>("nothing yet");
        volatile boolean interruptedAfter;
        final Thread thread;

        Caller(Take take, long deadlineNs) {
            thread = loop.fibers().start("caller", () -> {
                try {
                    result.set(take.take(deadlineNs));
                } catch (InterruptedException | RuntimeException e) {
                    result.set(e);
                }
                interruptedAfter = Thread.currentThread().isInterrupted();
            });
        }

        @Nullable
        Object join() throws InterruptedException {
            thread.join();
            return result.get();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void waitsUntilTheLoopLetsItSucceedAndServesAgain(FiberMode mode) throws InterruptedException {
        start(mode);
        Take take = new Take();
        for (int i = 0; i < 100; i++) {
            String value = "value " + i;
            Caller caller = new Caller(take, Duty.NO_DEADLINE);
            take.attempted.await();
            loop.execute(() -> take.put(value));
            assertEquals(value, caller.join());
        }
        assertFalse(take.attemptsOffTheLoop);
        assertEquals(0, take.withdrawals);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void endsAtTheDeadline(FiberMode mode) throws InterruptedException {
        start(mode);
        Take take = new Take();
        assertNull(new Caller(take, real.nowNs() + 5_000_000).join());
        assertNull(new Caller(take, real.nowNs()).join());
        assertEquals(2, take.withdrawals);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void anInterruptWithdrawsIt(FiberMode mode) throws InterruptedException {
        start(mode);
        Take take = new Take();
        Caller caller = new Caller(take, Duty.NO_DEADLINE);
        take.attempted.await();
        caller.thread.interrupt();
        assertInstanceOf(InterruptedException.class, caller.join());
        assertEquals(1, take.withdrawals);
        assertFalse(loop.call(take::isWaiting));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void anInterruptOvertakenBySuccessStaysSet(FiberMode mode) throws InterruptedException {
        start(mode);
        Take take = new Take();
        Caller caller = new Caller(take, Duty.NO_DEADLINE);
        take.attempted.await();
        loop.execute(() -> {
            // In one task, so that the loop cannot have heard of the interrupt when the call succeeds.
            caller.thread.interrupt();
            take.put("won");
        });
        assertEquals("won", caller.join());
        assertTrue(caller.interruptedAfter);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void theCallerGetsWhatTheAttemptThrew(FiberMode mode) throws InterruptedException {
        start(mode);
        Take take = new Take();
        Caller caller = new Caller(take, Duty.NO_DEADLINE);
        take.attempted.await();
        loop.execute(() -> take.put("poison"));
        assertInstanceOf(IllegalArgumentException.class, caller.join());
        assertEquals(1, take.withdrawals);
    }

    @Test
    void theEndOfTheLoopEndsTheCallsOfOtherThreads() throws InterruptedException {
        start(FiberMode.AUTO);
        Take take = new Take();
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                String _ = take.take(Duty.NO_DEADLINE);
            } catch (InterruptedException | RuntimeException e) {
                thrown.set(e);
            }
        });
        take.attempted.await();
        loop.close();
        thread.join();
        assertInstanceOf(LoopEndedException.class, thrown.get());
        assertThrows(LoopEndedException.class, () -> take.take(Duty.NO_DEADLINE));
    }

    @Test
    void noCallHangsWhenTheLoopEndsInTheMidstOfMany() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            start(FiberMode.HANDOFF);
            Loop ending = loop;
            Thread[] callers = new Thread[3];
            CountDownLatch running = new CountDownLatch(callers.length);
            for (int i = 0; i < callers.length; i++) {
                callers[i] = Thread.ofPlatform().start(() -> {
                    try {
                        while (true) {
                            int _ = ending.call(() -> 1);
                            running.countDown();
                        }
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    } catch (LoopEndedException _) {
                        // What the test is about.
                    }
                });
            }
            running.await();
            loop.close();
            for (Thread caller : callers) {
                caller.join();
            }
        }
    }

    @Test
    void theBareLoopMayCallButNotWait() throws InterruptedException {
        start(FiberMode.AUTO);
        Take take = new Take();
        AtomicReference<@Nullable Object> waited = new AtomicReference<>();
        AtomicReference<@Nullable Object> called = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            try {
                waited.set(take.take(Duty.NO_DEADLINE));
            } catch (InterruptedException | RuntimeException e) {
                waited.set(e);
            }
            try {
                take.put("there");
                called.set(take.take(Duty.NO_DEADLINE));
            } catch (InterruptedException | RuntimeException e) {
                called.set(e);
            }
            done.countDown();
        });
        done.await();
        assertInstanceOf(IllegalStateException.class, waited.get());
        assertEquals("there", called.get());
    }

    @Test
    void twoCallersAtOnceAreRefused() throws InterruptedException {
        start(FiberMode.AUTO);
        Take take = new Take();
        Caller first = new Caller(take, Duty.NO_DEADLINE);
        take.attempted.await();
        assertInstanceOf(IllegalStateException.class, new Caller(take, Duty.NO_DEADLINE).join());
        loop.execute(() -> take.put("for the first"));
        assertEquals("for the first", first.join());
    }
}
