package io.uk4j.testkit;

import static io.uk4j.testkit.Suites.assertRejects;
import static io.uk4j.testkit.Suites.failures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The suite takes a plain loop that is right, and refuses those that are wrong in one respect. */
class EventLoopContractRejectsTest {
    private static Function<SimPlatform, PlainLoop> subject = PlainLoop::new;

    /** Run by the tests below, not by itself. */
    static class Subject extends EventLoopContract {
        @Override
        protected boolean armsBeforeSleep() {
            return false;
        }

        @Override
        protected Fixture open() {
            Simulation simulation = new Simulation(6);
            simulation.roundLimit(10_000);
            SimPlatform platform = new SimPlatform(simulation, "host");
            PlainLoop loop = subject.apply(platform);
            simulation.add(loop);
            return new Fixture() {
                @Override
                public EventLoop loop() {
                    return loop;
                }

                @Override
                public boolean runUntil(BooleanSupplier condition) {
                    return simulation.runUntil(condition, 2_000_000_000L);
                }

                @Override
                public void close() {
                    loop.ended = true;
                    platform.close();
                }
            };
        }
    }

    private static void assertRejected(Function<SimPlatform, PlainLoop> wrong, String test) {
        subject = wrong;
        assertRejects(Subject.class, test);
    }

    @Test
    void takesOneThatIsRight() {
        subject = PlainLoop::new;

        assertEquals(Map.of(), failures(Subject.class));
    }

    @Test
    void rejectsTasksInTheWrongOrder() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public boolean tryExecute(Runnable task) {
                        boolean taken = super.tryExecute(task);
                        if (taken) {
                            inbox.addFirst(inbox.removeLast());
                        }
                        return taken;
                    }
                },
                "tasksRunInTheOrderOfArrival");
    }

    @Test
    void rejectsALoopThatDoesNotKnowItself() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public boolean inLoop() {
                        return false;
                    }
                },
                "aTaskKnowsThatItIsInTheLoopAndOthersAreNot");
    }

    @Test
    void rejectsALoopThatDiesOfATask() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    void run(Runnable task) {
                        try {
                            task.run();
                        } catch (UnsupportedOperationException _) {
                            inbox.clear();
                            ended = true;
                        }
                    }
                },
                "aTaskThatFailsDoesNotStopTheLoop");
    }

    @Test
    void rejectsAnInboxWithoutBound() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    private int swallowed;

                    @Override
                    public boolean tryExecute(Runnable task) {
                        if (!super.tryExecute(task)) {
                            swallowed++;
                        }
                        return swallowed >= 0;
                    }
                },
                "aFullInboxRefusesAndWhatItTookStillRuns");
    }

    @Test
    void rejectsAnEndedLoopThatTakesTasks() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public boolean tryExecute(Runnable task) {
                        return ended || super.tryExecute(task);
                    }
                },
                "anEndedLoopRefuses");
    }

    @Test
    void rejectsTimersThatFireEarly() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public int poll(long nowNs) {
                        return super.poll(nowNs + 2_000_000);
                    }

                    @Override
                    public long nextDeadlineNs() {
                        long next = super.nextDeadlineNs();
                        return next == NO_DEADLINE ? next : next - 2_000_000;
                    }
                },
                "aTimerFiresOnceAndNotTooEarly");
    }

    @Test
    void rejectsTimersThatCannotBeCancelled() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public Timer newTimer(Runnable action) {
                        Timer timer = super.newTimer(action);
                        return new Timer() {
                            @Override
                            public void schedule(long deadlineNs) {
                                timer.schedule(deadlineNs);
                            }

                            @Override
                            public void cancel() {}

                            @Override
                            public boolean isScheduled() {
                                return timer.isScheduled();
                            }

                            @Override
                            public long deadlineNs() {
                                return timer.deadlineNs();
                            }
                        };
                    }
                },
                "aCancelledTimerDoesNotFireUntilItIsScheduledAgain");
    }

    @Test
    void rejectsALoopThatKeepsPollingARemovedDuty() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public void remove(Duty duty) {}
                },
                "aRemovedDutyIsPolledNoMore");
    }

    @Test
    void rejectsALoopThatSleepsOverADutysDeadline() {
        assertRejected(
                platform -> new PlainLoop(platform) {
                    @Override
                    public long nextDeadlineNs() {
                        return duties.isEmpty() ? super.nextDeadlineNs() : NO_DEADLINE;
                    }

                    @Override
                    public int poll(long nowNs) {
                        return nowNs >= 2_000_000_000L ? 0 : super.poll(nowNs);
                    }
                },
                "aDutysDeadlineEndsTheSleep");
    }
}
