package io.uk4j.testkit;

import static io.uk4j.testkit.Suites.assertRejects;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Platform;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The suite refuses platforms that are wrong in one respect. */
class PlatformContractRejectsTest {
    private static UnaryOperator<Platform> mutation = platform -> platform;

    /** Run by the tests below, not by itself. */
    static class Mutated extends PlatformContract {
        @Override
        protected Platform open() {
            return mutation.apply(new SimPlatform(new Simulation(5), "host"));
        }
    }

    private static void assertRejected(UnaryOperator<Platform> wrong, String test) {
        mutation = wrong;
        assertRejects(Mutated.class, test);
    }

    /** A platform as it should be, to be made wrong in one respect. */
    private static class Forwarding implements Platform {
        final Platform inner;

        Forwarding(Platform inner) {
            this.inner = inner;
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public Clock clock() {
            return inner.clock();
        }

        @Override
        public EntropySource entropy() {
            return inner.entropy();
        }

        @Override
        public Console console() {
            return inner.console();
        }

        @Override
        public PageSource pages() {
            return inner.pages();
        }

        @Override
        public Waiter newWaiter() {
            return inner.newWaiter();
        }

        @Override
        public <D> List<D> devices(Class<D> type) {
            return inner.devices(type);
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private static class ForwardingWaiter implements Waiter {
        final Waiter inner;

        ForwardingWaiter(Waiter inner) {
            this.inner = inner;
        }

        @Override
        public void register(WaitSource source) {
            inner.register(source);
        }

        @Override
        public void unregister(WaitSource source) {
            inner.unregister(source);
        }

        @Override
        public boolean await(long deadlineNs) {
            return inner.await(deadlineNs);
        }

        @Override
        public void wakeup() {
            inner.wakeup();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private static UnaryOperator<Platform> withWaiter(UnaryOperator<Waiter> wrong) {
        return platform -> new Forwarding(platform) {
            @Override
            public Waiter newWaiter() {
                return wrong.apply(inner.newWaiter());
            }
        };
    }

    @Test
    void rejectsAClockThatGoesBack() {
        assertRejected(
                platform -> new Forwarding(platform) {
                    private long reads;

                    @Override
                    public Clock clock() {
                        return new Clock() {
                            @Override
                            public long nowNs() {
                                return inner.clock().nowNs() + (reads++ % 7);
                            }

                            @Override
                            public long wallNs() {
                                return inner.clock().wallNs();
                            }
                        };
                    }
                },
                "timeNeverGoesBack");
    }

    @Test
    void rejectsEntropyThatLeavesTheLastBytes() {
        assertRejected(
                platform -> new Forwarding(platform) {
                    @Override
                    public EntropySource entropy() {
                        return target -> inner.entropy().fill(target.asSlice(0, target.byteSize() & ~7L));
                    }
                },
                "entropyFillsAllAndNothingElse");
    }

    @Test
    void rejectsEntropyThatRepeats() {
        assertRejected(
                platform -> new Forwarding(platform) {
                    @Override
                    public EntropySource entropy() {
                        return new SimPlatform(new Simulation(5), "host").entropy();
                    }
                },
                "entropyDoesNotRepeat");
    }

    @Test
    void rejectsPagesThatAreNotZeroedAgain() {
        assertRejected(
                platform -> new Forwarding(platform) {
                    private final MemorySegment used = Arena.global().allocate(1 << 14, 4096);

                    @Override
                    public PageSource pages() {
                        return new PageSource() {
                            @Override
                            public int pageBytes() {
                                return 4096;
                            }

                            @Override
                            public Pages allocate(long bytes, long alignment) {
                                MemorySegment part = used.asSlice(0, (bytes + 4095) & ~4095L);
                                return new Pages(part, part.address(), null);
                            }

                            @Override
                            public void release(Pages pages) {}
                        };
                    }
                },
                "pagesAreZeroedAgainAfterUse");
    }

    @Test
    void rejectsPagesThatCanBeReleasedTwice() {
        assertRejected(
                platform -> new Forwarding(platform) {
                    @Override
                    public PageSource pages() {
                        return new PageSource() {
                            @Override
                            public int pageBytes() {
                                return inner.pages().pageBytes();
                            }

                            @Override
                            public Pages allocate(long bytes, long alignment) {
                                return inner.pages().allocate(bytes, alignment);
                            }

                            @Override
                            public void release(Pages pages) {
                                if (pages.segment().scope().isAlive()
                                        && pages.segment().isNative()) {
                                    inner.pages().release(pages);
                                }
                            }
                        };
                    }
                },
                "refusesToReleaseWhatIsNotAllocated");
    }

    @Test
    void rejectsAWaiterThatForgetsAnEarlyWakeUp() {
        assertRejected(
                withWaiter(waiter -> new ForwardingWaiter(waiter) {
                    @Override
                    public boolean await(long deadlineNs) {
                        inner.await(Long.MIN_VALUE);
                        return inner.await(Math.min(deadlineNs, 1L << 40));
                    }
                }),
                "aWakeUpBeforeTheWaitIsNotLost");
    }

    @Test
    void rejectsAWaiterThatReportsTheDeadlineAsAWakeUp() {
        assertRejected(
                withWaiter(waiter -> new ForwardingWaiter(waiter) {
                    @Override
                    public boolean await(long deadlineNs) {
                        inner.await(deadlineNs);
                        return true;
                    }
                }),
                "aDeadlineInThePastOnlyLooks");
    }

    @Test
    void rejectsAWaiterThatKeepsUnregisteredSources() {
        assertRejected(
                withWaiter(waiter -> new ForwardingWaiter(waiter) {
                    @Override
                    public void unregister(WaitSource source) {}
                }),
                "anUnregisteredSourceEndsNoWait");
    }

    @Test
    void rejectsAWaiterThatTakesAnySource() {
        assertRejected(
                withWaiter(waiter -> new ForwardingWaiter(waiter) {
                    @Override
                    public void register(WaitSource source) {
                        if (source instanceof io.uk4j.core.SignalSource) {
                            inner.register(source);
                        }
                    }
                }),
                "refusesASourceOfAKindThatItDoesNotKnow");
    }
}
