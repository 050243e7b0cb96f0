package io.uk4j.testkit;

import static io.uk4j.testkit.Suites.assertRejects;
import static io.uk4j.testkit.Suites.failures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The suite takes a plain disk that is right, and refuses those that are wrong in one respect. */
class BlockDeviceContractRejectsTest {
    private static Function<Boolean, BlockDevice> subject = MemoryDisk::new;

    /** Run by the tests below, not by itself. */
    static class Subject extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            SimPlatform platform = new SimPlatform(new Simulation(1), "host");
            Waiter waiter = platform.newWaiter();
            BlockDevice device = subject.apply(false);
            BlockDevice readOnly = subject.apply(true);
            return new Fixture() {
                @Override
                public BlockDevice device() {
                    return device;
                }

                @Override
                public BlockDevice readOnlyDevice() {
                    return readOnly;
                }

                @Override
                public Waiter waiter() {
                    return waiter;
                }

                @Override
                public Clock clock() {
                    return platform.clock();
                }

                @Override
                public void close() {
                    readOnly.close();
                    waiter.close();
                    platform.close();
                }
            };
        }
    }

    private static void assertRejected(Function<Boolean, BlockDevice> wrong, String test) {
        subject = wrong;
        assertRejects(Subject.class, test);
    }

    @Test
    void takesOneThatIsRight() {
        subject = MemoryDisk::new;

        assertEquals(Map.of(), failures(Subject.class));
    }

    @Test
    void rejectsADiskThatIgnoresLaterFragments() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    void execute(BlockRequest request) {
                        if (request.fragments() < 2 || request.operation() == Operation.READ) {
                            super.execute(request);
                        }
                    }
                },
                "fragmentsAreOneRange");
    }

    @Test
    void rejectsADiskThatForgetsZeroes() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    void execute(BlockRequest request) {
                        if (request.operation() != Operation.WRITE_ZEROES) {
                            super.execute(request);
                        }
                    }
                },
                "flushesAndZeroes");
    }

    @Test
    void rejectsADiskThatChecksNothing() {
        Function<Boolean, BlockDevice> wrong = readOnly -> new MemoryDisk(readOnly) {
            @Override
            void check(BlockRequest request) {}

            @Override
            void execute(BlockRequest request) {}
        };
        assertRejected(wrong, "refusesWhatIsNotWholeSectors");
        assertRejected(wrong, "refusesWhatLiesBeyondTheDevice");
        assertRejected(wrong, "refusesMoreFragmentsThanItTakes");
        assertRejected(wrong, "aReadOnlyDeviceRefusesToWrite");
    }

    @Test
    void rejectsADiskWhoseQueueHasNoEnd() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public boolean submit(BlockRequest request) {
                        check(request);
                        return underWay.add(request);
                    }
                },
                "aFullQueueLeavesTheRequestWithTheCaller");
    }

    @Test
    void rejectsADiskThatCompletesWhatItRefused() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public boolean submit(BlockRequest request) {
                        if (super.submit(request)) {
                            return true;
                        }
                        underWay.add(request);
                        return false;
                    }
                },
                "aFullQueueLeavesTheRequestWithTheCaller");
    }

    @Test
    void rejectsADiskThatCompletesTwice() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    void execute(BlockRequest request) {
                        super.execute(request);
                        request.complete(BlockRequest.OK);
                    }
                },
                "readsBackWhatWasWritten");
    }

    @Test
    void rejectsADiskThatCompletesWithinSubmit() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public boolean submit(BlockRequest request) {
                        return super.submit(request) && poll(1) == 1;
                    }
                },
                "completionsComeFromPollAlone");
    }

    @Test
    void rejectsADiskThatIgnoresTheLimit() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public int poll(int limit) {
                        return super.poll(16);
                    }
                },
                "pollCallsNoMoreCompletionsThanItsLimit");
    }

    @Test
    void rejectsADiskThatNeitherSaysSoNorSignals() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public boolean arm() {
                        return false;
                    }
                },
                "armingSaysSoOrASignalFollows");
    }

    @Test
    void rejectsADiskThatForgetsRequestsWhenItCloses() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    public void close() {
                        underWay.clear();
                    }
                },
                "closingCompletesWhatIsUnderWayOnce");
    }

    @Test
    void rejectsADiskThatReleasesBuffers() {
        assertRejected(
                readOnly -> new MemoryDisk(readOnly) {
                    @Override
                    void execute(BlockRequest request) {
                        super.execute(request);
                        if (request.fragments() > 0) {
                            request.buffer(0).release();
                        }
                    }
                },
                "aTransferLeavesTheBuffersIndicesAlone");
    }
}
