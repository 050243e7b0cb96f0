package io.uk4j.platform.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private final Simulation simulation = new Simulation(42);

    /** Works once at each of its deadlines. */
    private static final class Ticker implements Duty {
        final List<Long> ticks = new ArrayList<>();
        private final long periodNs;
        private long nextNs;

        Ticker(long periodNs) {
            this.periodNs = periodNs;
            nextNs = periodNs;
        }

        @Override
        public int poll(long nowNs) {
            if (nowNs < nextNs) {
                return 0;
            }
            ticks.add(nowNs);
            nextNs += periodNs;
            return 1;
        }

        @Override
        public long nextDeadlineNs() {
            return nextNs;
        }
    }

    @Test
    void timeJumpsFromDeadlineToDeadline() {
        Ticker ticker = new Ticker(1_000);
        simulation.add(ticker);

        simulation.runFor(3_500);

        assertEquals(List.of(1_000L, 2_000L, 3_000L), ticker.ticks);
        assertEquals(3_500, simulation.nowNs());
    }

    @Test
    void theWorkOfTheLastInstantIsDone() {
        Ticker ticker = new Ticker(1_000);
        simulation.add(ticker);

        simulation.runFor(2_000);

        assertEquals(List.of(1_000L, 2_000L), ticker.ticks);
    }

    @Test
    void workAtOneInstantIsFinishedBeforeTimeMoves() {
        int[] left = {5};
        List<Long> seen = new ArrayList<>();
        simulation.add(nowNs -> {
            if (left[0] == 0) {
                return 0;
            }
            left[0]--;
            seen.add(nowNs);
            return 1;
        });
        simulation.at(10, () -> left[0] = 2);

        simulation.runFor(20);

        assertEquals(List.of(0L, 0L, 0L, 0L, 0L, 10L, 10L), seen);
    }

    @Test
    void actionsOfOneTimeRunInTheOrderOfScheduling() {
        List<String> ran = new ArrayList<>();
        simulation.at(7, () -> ran.add("b"));
        simulation.at(5, () -> ran.add("a"));
        simulation.at(7, () -> ran.add("c"));

        simulation.runFor(10);

        assertEquals(List.of("a", "b", "c"), ran);
    }

    @Test
    void stopsAsSoonAsTheConditionHolds() {
        Ticker ticker = new Ticker(1_000);
        simulation.add(ticker);

        assertTrue(simulation.runUntil(() -> ticker.ticks.size() == 2, 10_000));
        assertEquals(2_000, simulation.nowNs());
    }

    @Test
    void stopsAtTheLimitWhenTheConditionDoesNotHold() {
        simulation.add(new Ticker(1_000));

        assertFalse(simulation.runUntil(() -> false, 2_500));
        assertEquals(2_500, simulation.nowNs());
    }

    @Test
    void withoutLimitStopsWhenNothingIsLeftToHappen() {
        simulation.at(100, () -> {});

        assertFalse(simulation.runUntil(() -> false, Duty.NO_DEADLINE));
        assertEquals(100, simulation.nowNs());
    }

    @Test
    void aStepEndsTheInstantAndMovesToTheNext() {
        Ticker ticker = new Ticker(1_000);
        simulation.add(ticker);

        assertTrue(simulation.step());
        assertEquals(1_000, simulation.nowNs());
        assertEquals(0, ticker.ticks.size());
        assertTrue(simulation.step());
        assertEquals(1, ticker.ticks.size());
    }

    @Test
    void aStepSaysThatNothingLiesAhead() {
        assertFalse(simulation.step());
    }

    @Test
    void namesTheDutyThatIsBusyForEver() {
        simulation.roundLimit(1_000);
        simulation.add("innocent", nowNs -> 0);
        simulation.add("busybody", nowNs -> 1);

        IllegalStateException error = assertThrows(IllegalStateException.class, () -> simulation.runFor(1));

        assertTrue(error.getMessage().contains("busybody"), error.getMessage());
        assertTrue(error.getMessage().contains("seed 42"), error.getMessage());
    }

    @Test
    void anActionThatReschedulesItselfAtOnceIsBusyForEver() {
        simulation.roundLimit(1_000);
        Runnable[] again = new Runnable[1];
        again[0] = () -> simulation.at(simulation.nowNs(), again[0]);
        again[0].run();

        assertThrows(IllegalStateException.class, () -> simulation.runFor(1));
    }

    @Test
    void aDutyThatOversleepsItsDeadlineDoesNotStopTime() {
        List<Long> fired = new ArrayList<>();
        simulation.add(new Duty() {
            @Override
            public int poll(long nowNs) {
                if (nowNs < 1_000_000 || !fired.isEmpty()) {
                    return 0;
                }
                fired.add(nowNs);
                return 1;
            }

            @Override
            public long nextDeadlineNs() {
                return fired.isEmpty() ? 100_000 : NO_DEADLINE;
            }
        });

        simulation.runFor(5_000_000);

        assertEquals(1, fired.size());
    }

    @Test
    void aDutyMayTakeItselfAndOthersOut() {
        List<String> polled = new ArrayList<>();
        Duty last = nowNs -> {
            polled.add("last");
            return 0;
        };
        Duty first = new Duty() {
            @Override
            public int poll(long nowNs) {
                polled.add("first");
                simulation.remove(this);
                simulation.remove(last);
                return 1;
            }
        };
        simulation.add(first);
        simulation.add(last);

        simulation.runFor(1);

        assertEquals(List.of("first"), polled);
    }

    @Test
    void refusesTheSameDutyTwice() {
        Duty duty = nowNs -> 0;
        simulation.add(duty);

        assertThrows(IllegalArgumentException.class, () -> simulation.add(duty));
    }

    @Test
    void refusesToRunInsideItself() {
        simulation.at(1, () -> simulation.runFor(1));

        assertThrows(IllegalStateException.class, () -> simulation.runFor(2));
    }

    @Test
    void goesOnAfterAnActionFailed() {
        simulation.at(1, () -> {
            throw new UnsupportedOperationException("as meant");
        });

        assertThrows(UnsupportedOperationException.class, () -> simulation.runFor(2));
        simulation.runFor(2);

        assertEquals(3, simulation.nowNs());
    }

    @Test
    void randomNumbersFollowFromSeedAndPurpose() {
        long drawn = simulation.random("loss").nextLong();

        assertEquals(drawn, new Simulation(42).random("loss").nextLong());
        assertNotEquals(drawn, new Simulation(43).random("loss").nextLong());
        assertNotEquals(drawn, simulation.random("delay").nextLong());
    }
}
