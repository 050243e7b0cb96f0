package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class WaiterTest {
    private static final Clock CLOCK = new HostClock();

    enum Kind {
        EPOLL,
        EPOLL_IN_MILLISECONDS,
        PARK;

        Waiter make() {
            return this == PARK ? new ParkWaiter(CLOCK) : new EpollWaiter(CLOCK, this == EPOLL);
        }
    }

    @ParameterizedTest
    @EnumSource
    void neverReturnsBeforeItsDeadlineForWantOfPrecision(Kind kind) {
        try (Waiter waiter = kind.make()) {
            for (long sleepNs : new long[] {1, 900, 100_000, 999_999, 1_000_001, 3_500_000}) {
                long deadlineNs = CLOCK.nowNs() + sleepNs;
                assertFalse(waiter.await(deadlineNs));
                assertTrue(CLOCK.nowNs() - deadlineNs >= 0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWakeUpBeforeTheWaitEndsItAtOnceAndOnlyOnce(Kind kind) {
        try (Waiter waiter = kind.make()) {
            waiter.wakeup();
            waiter.wakeup();
            assertTrue(waiter.await(Duty.NO_DEADLINE));
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
            waiter.wakeup();
            assertTrue(waiter.await(CLOCK.nowNs() - 1), "a look sees it too");
            assertFalse(waiter.await(CLOCK.nowNs() - 1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void noWakeUpIsLost(Kind kind) throws InterruptedException {
        int rounds = 20_000;
        AtomicInteger given = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        try (Waiter waiter = kind.make()) {
            Thread other = Thread.ofPlatform().start(() -> {
                for (int i = 1; i <= rounds; i++) {
                    given.set(i);
                    waiter.wakeup();
                    while (taken.get() < i) {
                        Thread.onSpinWait();
                    }
                }
            });
            while (taken.get() < rounds) {
                waiter.await(Duty.NO_DEADLINE);
                taken.set(given.get());
            }
            other.join();
        }
        assertEquals(rounds, taken.get());
    }

    @ParameterizedTest
    @EnumSource
    void closingRacesSafelyWithWakeUps(Kind kind) throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            Waiter waiter = kind.make();
            Thread other = Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 20; n++) {
                    waiter.wakeup();
                }
            });
            waiter.await(Duty.NO_DEADLINE);
            waiter.close();
            waiter.close();
            other.join();
            waiter.wakeup();
            assertThrows(IllegalStateException.class, () -> waiter.await(Duty.NO_DEADLINE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void takesSignalsUntilTheyAreUnregistered(Kind kind) {
        try (Waiter waiter = kind.make()) {
            SignalSource source = new SignalSource();
            waiter.register(source);
            waiter.register(source);
            source.signal();
            assertTrue(waiter.await(Duty.NO_DEADLINE));
            waiter.unregister(source);
            waiter.unregister(source);
            source.signal();
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
            assertThrows(IllegalArgumentException.class, () -> waiter.register(new WaitSource() {}));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptDoesNotEndAWaitAndIsKept(Kind kind) {
        try (Waiter waiter = kind.make()) {
            Thread.currentThread().interrupt();
            long deadlineNs = CLOCK.nowNs() + 1_000_000;
            assertFalse(waiter.await(deadlineNs));
            assertTrue(CLOCK.nowNs() - deadlineNs >= 0);
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void aDescriptorWakesForItsInterestAsLongAsItIsReady() {
        MemorySegment callState = Posix.newCallState();
        int fd = Posix.eventfd(callState);
        DescriptorSource source = new DescriptorSource(fd, Posix.EPOLLIN);
        try (Waiter waiter = new EpollWaiter(CLOCK)) {
            waiter.register(source);
            waiter.register(source);
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
            source.interest(Posix.EPOLLIN | Posix.EPOLLOUT);
            assertTrue(waiter.await(Duty.NO_DEADLINE), "there is room to write");
            source.interest(Posix.EPOLLIN);
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
            Posix.signal(fd);
            assertTrue(waiter.await(Duty.NO_DEADLINE));
            assertTrue(waiter.await(Duty.NO_DEADLINE), "nobody has read it");
            source.interest(0);
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
            source.detach();
            source.interest(Posix.EPOLLIN);
            assertFalse(waiter.await(CLOCK.nowNs() + 1_000));
        } finally {
            Posix.close(fd);
        }
    }
}
