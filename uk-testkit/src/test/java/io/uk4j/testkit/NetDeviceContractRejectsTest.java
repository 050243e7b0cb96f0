package io.uk4j.testkit;

import static io.uk4j.testkit.Suites.assertRejects;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The suite refuses devices that are wrong in one respect. */
class NetDeviceContractRejectsTest {
    private static UnaryOperator<NetDevice> mutation = device -> device;

    /** Run by the tests below, not by itself. */
    static class Mutated extends NetDeviceContract {
        @Override
        protected Fixture open() {
            return new WireFixture(0, mutation);
        }
    }

    private static void assertRejected(UnaryOperator<NetDevice> wrong, String test) {
        mutation = wrong;
        assertRejects(Mutated.class, test);
    }

    /** A device as it should be, to be made wrong in one respect. */
    private static class Forwarding implements NetDevice {
        final NetDevice inner;

        Forwarding(NetDevice inner) {
            this.inner = inner;
        }

        @Override
        public NetDeviceInfo info() {
            return inner.info();
        }

        @Override
        public WaitSource source() {
            return inner.source();
        }

        @Override
        public int poll(FrameBatch into) {
            return inner.poll(into);
        }

        @Override
        public int offer(FrameBatch from) {
            return inner.offer(from);
        }

        @Override
        public void flush() {
            inner.flush();
        }

        @Override
        public boolean arm() {
            return inner.arm();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    @Test
    void rejectsADeviceThatNeverSignals() {
        assertRejected(
                device -> new Forwarding(device) {
                    private final SignalSource deaf = new SignalSource();

                    @Override
                    public WaitSource source() {
                        return deaf;
                    }
                },
                "aFrameAfterArmingEndsTheWait");
    }

    @Test
    void rejectsADeviceThatSignalsNoRoom() {
        assertRejected(
                device -> new Forwarding(device) {
                    private final FrameBatch last = new FrameBatch();

                    @Override
                    public int offer(FrameBatch from) {
                        int frames = from.frames();
                        int accepted = inner.offer(from);
                        // Makes the wire believe that the caller does not wait for room.
                        if (accepted < frames) {
                            inner.offer(last);
                        }
                        return accepted;
                    }
                },
                "roomAfterACutOfferEndsTheWait");
    }

    @Test
    void rejectsADeviceWhoseArmOverlooksFrames() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public boolean arm() {
                        inner.arm();
                        return false;
                    }
                },
                "armingOrTheSourceSaysThatAFrameIsThere");
    }

    @Test
    void rejectsADeviceThatForgetsToRelease() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public int offer(FrameBatch from) {
                        for (int i = 0; i < from.frames(); i++) {
                            from.buffer(i, 0).retain();
                        }
                        return inner.offer(from);
                    }
                },
                "buffersOfSentFramesComeBack");
    }

    @Test
    void rejectsADeviceThatMiscounts() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public int poll(FrameBatch into) {
                        return Math.min(1, inner.poll(into));
                    }
                },
                "whatThePeerSendsArrivesIntactAndInOrder");
    }

    @Test
    void rejectsADeviceThatSwapsFrames() {
        assertRejected(
                device -> new Forwarding(device) {
                    private final FrameBatch one = new FrameBatch();

                    @Override
                    public int offer(FrameBatch from) {
                        int frames = from.frames();
                        List<ByteBuf> buffers = new ArrayList<>();
                        List<Integer> lengths = new ArrayList<>();
                        for (int i = 0; i < frames; i++) {
                            buffers.add(from.buffer(i, 0).retain());
                            lengths.add(from.length(i, 0));
                        }
                        for (int i = frames - 1; i >= 0; i--) {
                            ByteBuf buffer = buffers.get(i);
                            one.append(buffer, buffer.readerIndex(), lengths.get(i));
                            one.endFrame();
                            inner.offer(one);
                            one.clear();
                        }
                        from.releaseFirst(frames);
                        return frames;
                    }
                },
                "whatIsOfferedReachesThePeerIntactAndInOrder");
    }

    @Test
    void rejectsADeviceThatSendsOnlyTheFirstFragment() {
        assertRejected(
                device -> new Forwarding(device) {
                    private final FrameBatch one = new FrameBatch();

                    @Override
                    public int offer(FrameBatch from) {
                        int frames = from.frames();
                        for (int i = 0; i < frames; i++) {
                            one.append(from.buffer(i, 0).retain(), from.offset(i, 0), from.length(i, 0));
                            one.endFrame();
                        }
                        inner.offer(one);
                        one.clear();
                        from.releaseFirst(frames);
                        return frames;
                    }
                },
                "aFrameInFragmentsReachesThePeerWhole");
    }

    @Test
    void rejectsADeviceThatStopsAtAFrameThatIsTooLong() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public int offer(FrameBatch from) {
                        if (!from.isEmpty() && from.frameBytes(0) > info().maxFrameBytes()) {
                            return 0;
                        }
                        return inner.offer(from);
                    }
                },
                "aFrameThatIsTooLongIsDroppedAndCountsAsAccepted");
    }

    @Test
    void rejectsADeviceThatDropsWhatItHasNoRoomFor() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public int offer(FrameBatch from) {
                        int frames = from.frames();
                        inner.offer(from);
                        from.clear();
                        return frames;
                    }
                },
                "aFullQueueLeavesTheRestWithTheCaller");
    }

    @Test
    void rejectsADeviceThatCannotBeClosedTwice() {
        assertRejected(
                device -> new Forwarding(device) {
                    private boolean closed;

                    @Override
                    public void close() {
                        if (closed) {
                            throw new IllegalStateException("closed already");
                        }
                        closed = true;
                        inner.close();
                    }
                },
                "closingTwiceDoesNoHarm");
    }

    @Test
    void rejectsADeviceThatKeepsBuffersWhenItCloses() {
        assertRejected(
                device -> new Forwarding(device) {
                    @Override
                    public void close() {}
                },
                "closingGivesBackWhatNobodyPolled");
    }
}
