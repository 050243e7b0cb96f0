package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Platform;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link Platform} does: time, entropy, pages and waiting. */
public abstract class PlatformContract {
    private static final int ROUNDS = 300;

    private static final class UnknownSource implements WaitSource {}

    private @Nullable Platform opened;

    /** Creates the suite. */
    protected PlatformContract() {}

    /**
     * Makes a platform.
     *
     * @throws Exception if that fails, which fails the test
     */
    protected abstract Platform open() throws Exception;

    @BeforeEach
    final void openPlatform() throws Exception {
        opened = open();
    }

    @AfterEach
    final void closePlatform() {
        if (opened != null) {
            opened.close();
        }
    }

    private Platform platform() {
        if (opened == null) {
            throw new IllegalStateException("The platform is not open.");
        }
        return opened;
    }

    private long nowNs() {
        return platform().clock().nowNs();
    }

    @Test
    void hasAShortName() {
        assertTrue(platform().name().matches("[a-z0-9-]+"), platform().name());
    }

    @Test
    void closingTwiceDoesNoHarm() {
        platform().close();
        platform().close();
    }

    @Test
    void enumeratesNothingOfAnUnknownKind() {
        assertEquals(List.of(), platform().devices(UnknownSource.class));
    }

    // --- clock

    @Test
    void timeNeverGoesBack() {
        long last = nowNs();
        for (int i = 0; i < 100_000; i++) {
            long now = nowNs();
            assertTrue(now - last >= 0, now + " ns after " + last);
            last = now;
        }
    }

    @Test
    void theWallClockShowsThisCentury() {
        long wallNs = platform().clock().wallNs();

        Instant wall = Instant.ofEpochSecond(wallNs / 1_000_000_000L, wallNs % 1_000_000_000L);
        assertTrue(wall.isAfter(Instant.parse("2020-01-01T00:00:00Z")), wall.toString());
        assertTrue(wall.isBefore(Instant.parse("2100-01-01T00:00:00Z")), wall.toString());
    }

    @Test
    void timePassesWhileWaiting() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            long before = nowNs();
            Guarded.run("A wait of 2 ms", () -> waitOut(waiter, before + 2_000_000));
            assertTrue(nowNs() - before >= 2_000_000);
        }
    }

    // --- entropy

    @Test
    void entropyFillsAllAndNothingElse() {
        for (int length : new int[] {0, 1, 7, 8, 33, 300}) {
            byte[] seen = new byte[length];
            for (int i = 0; i < 20; i++) {
                byte[] array = new byte[length + 16];
                platform().entropy().fill(MemorySegment.ofArray(array).asSlice(8, length));
                for (int j = 0; j < length; j++) {
                    seen[j] |= array[8 + j];
                }
                for (int j = 0; j < 8; j++) {
                    assertEquals(0, array[j], "in front of the target");
                    assertEquals(0, array[8 + length + j], "behind the target");
                }
            }
            for (byte b : seen) {
                assertNotEquals(0, b, "a byte was never filled");
            }
        }
    }

    @Test
    void entropyFillsNativeMemory() {
        Pages pages = platform().pages().allocate(1, 1);
        platform().entropy().fill(pages.segment());

        assertFalse(Arrays.equals(pages.segment().asSlice(0, 32).toArray(ValueLayout.JAVA_BYTE), new byte[32]));
        platform().pages().release(pages);
    }

    @Test
    void entropyDoesNotRepeat() {
        List<Long> drawn = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            drawn.add(platform().entropy().nextLong());
        }

        assertEquals(100, drawn.stream().distinct().count());
    }

    // --- pages

    private static void assertZero(MemorySegment segment) {
        assertEquals(-1, segment.mismatch(MemorySegment.ofArray(new byte[(int) segment.byteSize()])), "not all zero");
    }

    @Test
    void pagesAreWholeAlignedAndZeroed() {
        PageSource source = platform().pages();
        assertEquals(1, Integer.bitCount(source.pageBytes()));
        for (long alignment : new long[] {1, source.pageBytes(), 1 << 16, 1 << 21}) {
            Pages pages = source.allocate(source.pageBytes() + 1, alignment);

            assertEquals(2L * source.pageBytes(), pages.segment().byteSize());
            long atLeast = Math.max(alignment, source.pageBytes());
            assertEquals(0, pages.segment().address() % atLeast);
            assertEquals(0, pages.deviceAddress() % atLeast);
            assertZero(pages.segment());
            pages.segment().fill((byte) 0x5a);
            source.release(pages);
        }
    }

    @Test
    void pagesAreZeroedAgainAfterUse() {
        PageSource source = platform().pages();
        for (int i = 0; i < 20; i++) {
            Pages pages = source.allocate(3L * source.pageBytes(), 1);
            assertZero(pages.segment());
            pages.segment().fill((byte) 0xff);
            source.release(pages);
        }
    }

    @Test
    void piecesDoNotOverlap() {
        PageSource source = platform().pages();
        List<Pages> pieces = new ArrayList<>();
        for (int i = 1; i <= 10; i++) {
            Pages pages = source.allocate((long) i * source.pageBytes(), 1);
            pages.segment().fill((byte) i);
            pieces.add(pages);
        }

        for (int i = 1; i <= 10; i++) {
            for (byte b : pieces.get(i - 1).segment().toArray(ValueLayout.JAVA_BYTE)) {
                assertEquals(i, b);
            }
        }
        pieces.forEach(source::release);
    }

    @Test
    void pagesMayBeUsedByAnyThread() throws Exception {
        Pages pages = platform().pages().allocate(1, 1);
        Guarded.run("Writing to a page", () -> pages.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 7));

        assertEquals(7, pages.segment().get(ValueLayout.JAVA_BYTE, 0));
        platform().pages().release(pages);
    }

    @Test
    void refusesToReleaseWhatIsNotAllocated() {
        PageSource source = platform().pages();
        Pages pages = source.allocate(1, 1);
        source.release(pages);

        assertThrows(IllegalArgumentException.class, () -> source.release(pages));
        Pages foreign = new Pages(MemorySegment.ofArray(new byte[1]), 0, null);
        assertThrows(IllegalArgumentException.class, () -> source.release(foreign));
    }

    @Test
    void refusesSizesAndAlignmentsOutOfRange() {
        PageSource source = platform().pages();

        assertThrows(IllegalArgumentException.class, () -> source.allocate(0, 1));
        assertThrows(IllegalArgumentException.class, () -> source.allocate(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> source.allocate(1, 0));
        assertThrows(IllegalArgumentException.class, () -> source.allocate(1, 3));
    }

    @Test
    void saysWhenMemoryIsOutAndGoesOn() {
        PageSource source = platform().pages();

        assertThrows(OutOfMemoryException.class, () -> source.allocate(1L << 56, 1));
        assertThrows(OutOfMemoryException.class, () -> source.allocate(Long.MAX_VALUE, 1));
        source.release(source.allocate(1, 1));
    }

    // --- waiter

    /** Waits until the deadline, whatever ends a wait early. */
    private void waitOut(Waiter waiter, long deadlineNs) {
        for (int i = 0; i < 1_000; i++) {
            boolean woken = waiter.await(deadlineNs);
            if (nowNs() - deadlineNs >= 0) {
                assertFalse(woken, "the deadline ended the wait, not a wake-up");
                return;
            }
        }
        throw new AssertionError("The waiter returned a thousand times before the deadline.");
    }

    @Test
    void aDeadlineInThePastOnlyLooks() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            Guarded.run("A wait with a deadline in the past", () -> {
                assertFalse(waiter.await(nowNs()));
                assertFalse(waiter.await(nowNs() - 1_000_000_000));
                waiter.wakeup();
                assertTrue(waiter.await(nowNs() - 1_000_000_000));
                assertFalse(waiter.await(nowNs() - 1_000_000_000));
            });
        }
    }

    @Test
    void aWakeUpBeforeTheWaitIsNotLost() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            Guarded.run("A wait after a wake-up", () -> {
                for (int i = 0; i < 3; i++) {
                    waiter.wakeup();
                    waiter.wakeup();
                    assertTrue(waiter.await(Duty.NO_DEADLINE));
                }
                // Two wake-ups end one wait, or a second one early; they do not add up.
                waiter.await(nowNs());
                assertFalse(waiter.await(nowNs()));
            });
        }
    }

    @Test
    void aWakeUpFromAnotherThreadEndsTheWait() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            AtomicInteger asked = new AtomicInteger();
            AtomicInteger seen = new AtomicInteger();
            Guarded.run(
                    "Waiting for wake-ups",
                    () -> {
                        while (seen.get() < ROUNDS) {
                            waiter.await(Duty.NO_DEADLINE);
                            seen.set(asked.get());
                        }
                    },
                    () -> {
                        for (int i = 1; i <= ROUNDS; i++) {
                            int round = i;
                            asked.set(round);
                            waiter.wakeup();
                            Guarded.spinUntil("wake-up " + round, () -> seen.get() >= round);
                        }
                    });
        }
    }

    @Test
    void aSignalFromAnotherThreadEndsTheWait() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            SignalSource source = new SignalSource();
            waiter.register(source);
            waiter.register(source);
            Guarded.run("Waiting for a signal", () -> assertTrue(waiter.await(Duty.NO_DEADLINE)), source::signal);
        }
    }

    @Test
    void aSignalBeforeTheWaitIsNotLost() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            SignalSource one = new SignalSource();
            SignalSource other = new SignalSource();
            waiter.register(one);
            waiter.register(other);
            Guarded.run("A wait after a signal", () -> {
                one.signal();
                assertTrue(waiter.await(Duty.NO_DEADLINE));
                other.signal();
                assertTrue(waiter.await(Duty.NO_DEADLINE));
            });
        }
    }

    @Test
    void anUnregisteredSourceEndsNoWait() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            SignalSource source = new SignalSource();
            waiter.register(source);
            waiter.unregister(source);
            waiter.unregister(source);
            source.signal();
            assertFalse(waiter.await(nowNs()));
            Guarded.run("A short wait", () -> waitOut(waiter, nowNs() + 1_000_000));
        }
    }

    @Test
    void eachPartOfAJointSourceEndsAWait() throws Exception {
        try (Waiter waiter = platform().newWaiter()) {
            SignalSource one = new SignalSource();
            SignalSource other = new SignalSource();
            JointSource both = new JointSource(List.of(one, other));
            waiter.register(both);
            Guarded.run("A wait after a signal of a part", () -> {
                one.signal();
                assertTrue(waiter.await(Duty.NO_DEADLINE));
                other.signal();
                assertTrue(waiter.await(Duty.NO_DEADLINE));
            });
            waiter.unregister(both);
            one.signal();
            other.signal();
            assertFalse(waiter.await(nowNs()));
        }
    }

    @Test
    void refusesASourceOfAKindThatItDoesNotKnow() {
        try (Waiter waiter = platform().newWaiter()) {
            assertThrows(IllegalArgumentException.class, () -> waiter.register(new UnknownSource()));
        }
    }

    @Test
    void waitersAreIndependent() throws Exception {
        try (Waiter one = platform().newWaiter();
                Waiter other = platform().newWaiter()) {
            one.wakeup();
            assertFalse(other.await(nowNs()));
            Guarded.run("A short wait", () -> waitOut(other, nowNs() + 1_000_000));
            assertTrue(one.await(nowNs()));
        }
    }

    @Test
    void closingAWaiterTwiceDoesNoHarm() {
        Waiter waiter = platform().newWaiter();
        waiter.close();
        waiter.close();
    }
}
