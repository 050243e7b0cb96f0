package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.uk4j.core.Duty;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {
    private static final long TICK_NS = 1_000_000;
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final TimerWheel wheel = new TimerWheel(0, TICK_NS);
    private final List<String> fired = new ArrayList<>();

    @Test
    void firesWhenDueAndNotBefore() {
        timer("a").schedule(2_500_001);
        assertEquals(2_500_001, wheel.nextDeadlineNs());
        assertEquals(0, fire(2_500_000));
        assertEquals(1, fire(2_500_001));
        assertEquals(List.of("a"), fired);
        assertEquals(Duty.NO_DEADLINE, wheel.nextDeadlineNs());
    }

    @Test
    void firesInTheOrderOfDeadlinesAndThenOfScheduling() {
        timer("late").schedule(9_000_000);
        timer("first of equals").schedule(5_000_300);
        timer("second of equals").schedule(5_000_300);
        timer("same tick, earlier").schedule(5_000_100);
        fire(10_000_000);
        assertEquals(List.of("same tick, earlier", "first of equals", "second of equals", "late"), fired);
    }

    @Test
    void doesNotFireWhatWasCancelled() {
        WheelTimer timer = timer("a");
        timer.schedule(5);
        timer.cancel();
        timer.cancel();
        assertFalse(timer.isScheduled());
        assertEquals(0, fire(TICK_NS));
    }

    @Test
    void aTimerMayCancelOrMoveAnotherOneOfItsRound() {
        WheelTimer cancelled = timer("cancelled");
        WheelTimer moved = timer("moved");
        WheelTimer canceller = wheel.newTimer(() -> {
            cancelled.cancel();
            moved.schedule(7 * TICK_NS);
        });
        canceller.schedule(10);
        cancelled.schedule(20);
        moved.schedule(30);
        assertEquals(1, fire(TICK_NS));
        assertEquals(1, fire(7 * TICK_NS));
        assertEquals(List.of("moved"), fired);
    }

    @Test
    void aTimerThatSchedulesItselfInThePastFiresOnceARound() {
        WheelTimer[] self = new WheelTimer[1];
        self[0] = wheel.newTimer(() -> {
            fired.add("self");
            self[0].schedule(0);
        });
        self[0].schedule(0);
        assertEquals(1, fire(TICK_NS));
        assertEquals(1, fire(TICK_NS));
        assertEquals(2, fired.size());
    }

    @Test
    void leavesWhatIsOverTheLimitForTheNextRound() {
        for (int i = 0; i < 5; i++) {
            timer("t" + i).schedule(i);
        }
        assertEquals(3, wheel.fire(TICK_NS, 3, TimerWheelTest::rethrow));
        assertTrue(wheel.nextDeadlineNs() <= TICK_NS);
        assertEquals(2, wheel.fire(TICK_NS, 3, TimerWheelTest::rethrow));
        assertEquals(List.of("t0", "t1", "t2", "t3", "t4"), fired);
    }

    @Test
    void goesOnAfterAnActionThatThrows() {
        List<Throwable> failures = new ArrayList<>();
        wheel.newTimer(() -> {
                    throw new IllegalStateException("on purpose");
                })
                .schedule(1);
        timer("next").schedule(2);
        assertEquals(2, wheel.fire(TICK_NS, NO_LIMIT, failures::add));
        assertEquals(1, failures.size());
        assertEquals(List.of("next"), fired);
    }

    @Test
    void aTimerWithoutDeadlineNeverFires() {
        timer("never").schedule(Duty.NO_DEADLINE);
        assertEquals(0, fire(Long.MAX_VALUE - 1));
        assertEquals(Duty.NO_DEADLINE, wheel.nextDeadlineNs());
    }

    @Test
    void worksWhereTheClockIsNegativeAndWhereItWraps() {
        for (long originNs : new long[] {Long.MIN_VALUE, -5, Long.MAX_VALUE - 3 * TICK_NS - 7}) {
            TimerWheel other = new TimerWheel(originNs, TICK_NS);
            List<Integer> order = new ArrayList<>();
            for (int i = 9; i >= 0; i--) {
                int number = i;
                other.newTimer(() -> order.add(number)).schedule(originNs + i * TICK_NS);
            }
            for (int i = 0; i < 10; i++) {
                assertEquals(originNs + i * TICK_NS, other.nextDeadlineNs());
                assertEquals(1, other.fire(originNs + i * TICK_NS, NO_LIMIT, TimerWheelTest::rethrow));
            }
            assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), order);
        }
    }

    @Test
    void aHundredThousandTimersFireInOrderWithFewEmptyWakeUps() {
        long seed = 42;
        Random random = new Random(seed);
        int count = 100_000;
        long[] lastNs = {0};
        for (int i = 0; i < count; i++) {
            // From 1 ms to 2 h, with as many short ones as long ones.
            long deadlineNs = (long) (TICK_NS * Math.pow(7_200_000, random.nextDouble()));
            wheel.newTimer(() -> {
                        assertTrue(lastNs[0] <= deadlineNs, "out of order");
                        lastNs[0] = deadlineNs;
                    })
                    .schedule(deadlineNs);
        }
        int left = count;
        int emptyWakeUps = 0;
        while (wheel.nextDeadlineNs() != Duty.NO_DEADLINE) {
            int now = fire(wheel.nextDeadlineNs());
            left -= now;
            emptyWakeUps += now == 0 ? 1 : 0;
        }
        assertEquals(0, left);
        assertEquals(0, emptyWakeUps, "nothing was cancelled, so each deadline told is one");
    }

    @Test
    void schedulingCancellingAndFiringAllocateNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Random random = new Random(7);
        WheelTimer[] timers = new WheelTimer[1_000];
        for (int i = 0; i < timers.length; i++) {
            timers[i] = wheel.newTimer(() -> {});
        }
        long nowNs = 0;
        long beforeBytes = 0;
        for (int step = 0; step < 60_000; step++) {
            if (step == 20_000) {
                beforeBytes = threads.getCurrentThreadAllocatedBytes();
            }
            WheelTimer timer = timers[random.nextInt(timers.length)];
            if (random.nextInt(4) == 0) {
                timer.cancel();
            } else {
                timer.schedule(nowNs + (1L << random.nextInt(36)));
            }
            nowNs += 1000;
            int _ = wheel.fire(nowNs, NO_LIMIT, TimerWheelTest::rethrow);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - beforeBytes;
        // Not 0: whatever the JVM itself does on this thread counts too. One byte for each step would be 40,000.
        assertTrue(bytes < 20_000, bytes + " B for 40,000 steps");
    }

    private record Entry(long deadlineNs, long order, int timer) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byDeadline = Long.compare(deadlineNs, other.deadlineNs);
            return byDeadline != 0 ? byDeadline : Long.compare(order, other.order);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void behavesLikeASortedList(long seed) {
        Random random = new Random(seed);
        TreeSet<Entry> model = new TreeSet<>();
        Entry[] entries = new Entry[300];
        WheelTimer[] timers = new WheelTimer[entries.length];
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < timers.length; i++) {
            int number = i;
            timers[i] = wheel.newTimer(() -> order.add(number));
        }
        long nowNs = 0;
        int emptyWakeUps = 0;
        int fires = 0;
        for (long step = 0; step < 30_000; step++) {
            int which = random.nextInt(timers.length);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    long deadlineNs = nowNs + (1L << random.nextInt(43)) + random.nextInt(1000) - 500;
                    timers[which].schedule(deadlineNs);
                    if (entries[which] != null) {
                        model.remove(entries[which]);
                    }
                    entries[which] = new Entry(deadlineNs, step, which);
                    model.add(entries[which]);
                }
                case 2 -> {
                    timers[which].cancel();
                    if (entries[which] != null) {
                        model.remove(entries[which]);
                        entries[which] = null;
                    }
                }
                default -> {
                    long nextNs = wheel.nextDeadlineNs();
                    long latestNs = model.isEmpty() ? Duty.NO_DEADLINE : model.first().deadlineNs;
                    if (nextNs > latestNs || (model.isEmpty() && nextNs != Duty.NO_DEADLINE)) {
                        fail("seed " + seed + ", step " + step + ": told " + nextNs + " but is due at " + latestNs);
                    }
                    nowNs = random.nextBoolean() && nextNs != Duty.NO_DEADLINE
                            ? Math.max(nowNs, nextNs)
                            : nowNs + random.nextInt(3_000_000);
                    List<Integer> expected = new ArrayList<>();
                    while (!model.isEmpty() && model.first().deadlineNs <= nowNs) {
                        Entry entry = model.pollFirst();
                        entries[entry.timer] = null;
                        expected.add(entry.timer);
                    }
                    order.clear();
                    fire(nowNs);
                    assertEquals(expected, order, "seed " + seed + ", step " + step);
                    fires += expected.size();
                    emptyWakeUps += expected.isEmpty() && nextNs == nowNs ? 1 : 0;
                }
            }
            assertEquals(model.size(), wheel.scheduledCount(), "seed " + seed + ", step " + step);
        }
        assertTrue(
                emptyWakeUps < fires / 10, "seed " + seed + ": " + emptyWakeUps + " for nothing, " + fires + " fired");
    }

    private WheelTimer timer(String name) {
        return wheel.newTimer(() -> fired.add(name));
    }

    private int fire(long nowNs) {
        return wheel.fire(nowNs, NO_LIMIT, TimerWheelTest::rethrow);
    }

    private static void rethrow(Throwable failure) {
        throw new AssertionError(failure);
    }
}
