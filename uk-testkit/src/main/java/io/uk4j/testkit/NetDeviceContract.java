package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link NetDevice} does. Its frames have the EtherType for local experiments (IEEE 802, 0x88b5) and a number;
 * frames of others, such as those that a kernel sends by itself on a TAP device, are ignored.
 */
public abstract class NetDeviceContract {
    private static final long LIMIT_NS = 5_000_000_000L;
    private static final int SHORTEST_BYTES = 60;
    private static final int MANY_FRAMES = 20_000;

    /** A device, and whoever is at the far end of its link. */
    public interface Fixture extends AutoCloseable {
        /** The device under test, open. */
        NetDevice device();

        /** The pool that the device puts received frames into, full when the fixture was opened. */
        BufferPool pool();

        /** A waiter of the platform, by which the suite waits; it registers the device's source. */
        Waiter waiter();

        /** The clock of that waiter's deadlines. */
        Clock clock();

        /**
         * Sends a frame from the far end to the device.
         *
         * @param frame from its Ethernet header on
         */
        void peerSend(byte[] frame);

        /** Takes the next frame that the device sent and that reached the far end, or returns null if there is none yet. */
        byte @Nullable [] peerReceive();

        /**
         * Whether the device's queue fills when the far end takes nothing. A device that hands every frame to its host at
         * once answers false; it then has to accept whatever it is offered.
         */
        default boolean queueFills() {
            return true;
        }

        /** Frees everything, the device too. Called after the suite closed the device. */
        @Override
        void close();
    }

    private @Nullable Fixture opened;
    private final List<byte[]> received = new ArrayList<>();
    private int nextNumber;

    /** Creates the suite. */
    protected NetDeviceContract() {}

    /**
     * Opens a device whose link is up.
     *
     * @throws Exception if that fails, which fails the test
     */
    protected abstract Fixture open() throws Exception;

    @BeforeEach
    final void openFixture() throws Exception {
        opened = open();
        opened.waiter().register(device().source());
    }

    @AfterEach
    final void closeFixture() {
        Fixture fixture = opened;
        if (fixture != null) {
            try (fixture) {
                fixture.waiter().unregister(fixture.device().source());
                fixture.device().close();
                LeakCheck.assertAllBack(fixture.pool());
            }
        }
    }

    private Fixture fixture() {
        if (opened == null) {
            throw new IllegalStateException("The fixture is not open.");
        }
        return opened;
    }

    private NetDevice device() {
        return fixture().device();
    }

    @Test
    void infoStaysTheSameAndNamesAStation() {
        NetDeviceInfo info = device().info();

        assertFalse(info.name().isBlank());
        assertFalse(info.mac().isGroup(), () -> info.mac() + " is a group");
        assertEquals(info, device().info());
    }

    @Test
    void pollingAFullBatchGivesNothing() {
        FrameBatch full = new FrameBatch(1, 1);
        append(full, frame(SHORTEST_BYTES));
        fixture().peerSend(frame(SHORTEST_BYTES));

        assertEquals(0, device().poll(full));
        assertEquals(1, full.frames());
        full.clear();
    }

    @Test
    void pollingGivesNoMoreThanTheBatchHolds() {
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            sent.add(frame(SHORTEST_BYTES + i));
            fixture().peerSend(sent.getLast());
        }

        FrameBatch small = new FrameBatch(2, 64);
        awaitUntil("seven frames from the peer", () -> {
            int before = small.frames();
            int count = device().poll(small);
            assertEquals(before + count, small.frames());
            collect(small);
            return received.size() >= sent.size();
        });

        assertFrames(sent, received);
    }

    @Test
    void whatThePeerSendsArrivesIntactAndInOrder() {
        List<byte[]> sent = new ArrayList<>();
        for (int length : new int[] {SHORTEST_BYTES, 61, 590, 591, 1000, longestWhole() - 1, longestWhole()}) {
            sent.add(frame(length));
            fixture().peerSend(sent.getLast());
        }

        awaitReceived(sent.size());
        assertFrames(sent, received);
    }

    @Test
    void whatIsOfferedReachesThePeerIntactAndInOrder() {
        List<byte[]> sent = new ArrayList<>();
        FrameBatch batch = new FrameBatch();
        for (int length : new int[] {SHORTEST_BYTES, 61, 590, 591, 1000, longestWhole() - 1, longestWhole()}) {
            sent.add(frame(length));
            append(batch, sent.getLast());
        }

        offerAll(batch);
        assertFrames(sent, awaitAtPeer(sent.size()));
    }

    @Test
    void aFrameInFragmentsReachesThePeerWhole() {
        List<byte[]> sent = new ArrayList<>();
        FrameBatch batch = new FrameBatch();
        for (int fragments = 1; fragments <= Math.min(8, device().info().maxFragments()); fragments++) {
            byte[] frame = frame(500 + fragments);
            sent.add(frame);
            int at = 0;
            for (int i = fragments; i > 0; i--) {
                // Cuts at odd places, the first one behind the Ethernet header.
                int part = i == 1 ? frame.length - at : 15 + 6 * (fragments - i);
                ByteBuf buffer = buffer(part);
                buffer.writeBytes(frame, at, part);
                batch.append(buffer, buffer.readerIndex(), part);
                at += part;
            }
            batch.endFrame();
        }

        offerAll(batch);
        assertFrames(sent, awaitAtPeer(sent.size()));
    }

    @Test
    void aFrameThatIsTooLongIsDroppedAndCountsAsAccepted() {
        FrameBatch batch = new FrameBatch(2, 256);
        append(batch, frame(device().info().maxFrameBytes() + 1));
        byte[] good = frame(SHORTEST_BYTES);
        append(batch, good);

        offerAll(batch);
        assertFrames(List.of(good), awaitAtPeer(1));
    }

    @Test
    void aFrameOfTooManyFragmentsIsDroppedAndCountsAsAccepted() {
        int fragments = device().info().maxFragments() + 1;
        FrameBatch batch = new FrameBatch(2, fragments + 1);
        ByteBuf buffer = buffer(SHORTEST_BYTES);
        buffer.writeBytes(frame(SHORTEST_BYTES));
        for (int i = 0; i < fragments; i++) {
            batch.append(buffer.retain(), buffer.readerIndex(), i == 0 ? SHORTEST_BYTES : 1);
        }
        buffer.release();
        batch.endFrame();
        byte[] good = frame(SHORTEST_BYTES);
        append(batch, good);

        offerAll(batch);
        assertFrames(List.of(good), awaitAtPeer(1));
    }

    @Test
    void anOffloadThatIsNotAnnouncedIsDroppedAndCountsAsAccepted() {
        FrameBatch batch = new FrameBatch();
        if (device().info().has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM)) {
            return;
        }
        byte[] frame = frame(SHORTEST_BYTES);
        ByteBuf buffer = buffer(frame.length);
        buffer.writeBytes(frame);
        batch.append(buffer, buffer.readerIndex(), frame.length);
        batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_NONE, 0, 54, 34, 16);
        batch.endFrame();
        byte[] good = frame(SHORTEST_BYTES);
        append(batch, good);

        offerAll(batch);
        assertFrames(List.of(good), awaitAtPeer(1));
    }

    @Test
    void buffersOfSentFramesComeBack() {
        receiveOnce();
        long before = fixture().pool().availableBytes();
        FrameBatch batch = new FrameBatch();
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 5; i++) {
                append(batch, frame(200));
            }
            offerAll(batch);
            awaitAtPeer(5);
        }

        awaitUntil("the buffers of sent frames", () -> {
            receiveOnce();
            return fixture().pool().availableBytes() >= before;
        });
    }

    @Test
    void aFullQueueLeavesTheRestWithTheCaller() {
        FrameBatch batch = new FrameBatch();
        List<byte[]> sent = new ArrayList<>();
        int left = fill(batch, sent);
        if (fixture().queueFills()) {
            assertTrue(left > 0, "accepted " + sent.size() + " frames that nobody took");
            assertEquals(left, batch.frames());
            for (int i = 0; i < left; i++) {
                assertEquals(number(sent.get(sent.size() - left + i)), number(bytes(batch, i)));
            }
        } else {
            assertEquals(0, left);
        }

        List<byte[]> arrived = new ArrayList<>();
        if (fixture().queueFills()) {
            awaitUntil("the rest of a full queue", () -> {
                device().offer(batch);
                device().flush();
                takeAtPeer(arrived);
                return arrived.size() >= sent.size();
            });
            assertFrames(sent, arrived);
        }
        batch.clear();
    }

    @Test
    void armingOrTheSourceSaysThatAFrameIsThere() {
        fixture().peerSend(frame(SHORTEST_BYTES));

        awaitUntil("arm or the source to say that a frame is there", this::hasWork);
        awaitReceived(1);
    }

    @Test
    void aFrameAfterArmingEndsTheWait() {
        for (int i = 1; i <= 10; i++) {
            armIdle();

            fixture().peerSend(frame(SHORTEST_BYTES));

            int expected = i;
            awaitSignal("a frame after arming", () -> {}, () -> {
                receiveOnce();
                return received.size() >= expected;
            });
        }
    }

    @Test
    void roomAfterACutOfferEndsTheWait() {
        FrameBatch batch = new FrameBatch();
        List<byte[]> sent = new ArrayList<>();
        if (fill(batch, sent) > 0) {
            armIdle();

            List<byte[]> arrived = new ArrayList<>();
            awaitSignal("room after a cut offer", () -> takeAtPeer(arrived), () -> {
                receiveOnce();
                return device().offer(batch) > 0;
            });
        }
        batch.clear();
    }

    @Test
    void anEmptyPoolStopsNothingForGood() {
        List<ByteBuf> taken = new ArrayList<>();
        for (ByteBuf buffer = fixture().pool().tryAcquire(1);
                buffer != null;
                buffer = fixture().pool().tryAcquire(1)) {
            taken.add(buffer);
        }
        for (int i = 0; i < 3; i++) {
            fixture().peerSend(frame(SHORTEST_BYTES));
            receiveOnce();
        }
        taken.forEach(ByteBuf::release);

        int[] tries = {0};
        awaitUntil("a frame after the pool was empty", () -> {
            if (tries[0]++ < 1_000) {
                fixture().peerSend(frame(SHORTEST_BYTES));
            }
            receiveOnce();
            return !received.isEmpty() && number(received.getLast()) >= 3;
        });
    }

    @Test
    void closingGivesBackWhatNobodyPolled() {
        for (int i = 0; i < 5; i++) {
            fixture().peerSend(frame(SHORTEST_BYTES));
        }
        FrameBatch batch = new FrameBatch();
        append(batch, frame(SHORTEST_BYTES));
        device().offer(batch);
        batch.clear();
        awaitUntil("arm or the source to say that a frame is there", this::hasWork);

        device().close();

        LeakCheck.assertAllBack(fixture().pool());
    }

    @Test
    void closingTwiceDoesNoHarm() {
        device().close();
        device().close();
    }

    // --- frames of this suite

    /** A frame that the device's own address may receive, with a number and a pattern that follows from it. */
    private byte[] frame(int length) {
        int number = nextNumber++;
        byte[] frame = new byte[length];
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) 0xff;
            frame[6 + i] = (byte) (device().info().mac().bits() >>> (40 - 8 * i));
        }
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb5;
        for (int i = 0; i < 4; i++) {
            frame[14 + i] = (byte) (number >>> (24 - 8 * i));
        }
        for (int i = 18; i < length; i++) {
            frame[i] = (byte) (number * 7 + i * 13);
        }
        return frame;
    }

    private static boolean isOurs(byte[] frame) {
        return frame.length >= 18 && (frame[12] & 0xff) == 0x88 && (frame[13] & 0xff) == 0xb5;
    }

    private static int number(byte[] frame) {
        return (frame[14] & 0xff) << 24 | (frame[15] & 0xff) << 16 | (frame[16] & 0xff) << 8 | (frame[17] & 0xff);
    }

    /** The longest frame that needs no segmentation. */
    private int longestWhole() {
        return device().info().mtuBytes() + 14;
    }

    private static void assertFrames(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(
                expected.stream().map(NetDeviceContract::number).toList(),
                actual.stream().map(NetDeviceContract::number).toList());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "frame " + i);
        }
    }

    private ByteBuf buffer(int bytes) {
        ByteBuf buffer = fixture().pool().tryAcquire(bytes);
        return buffer == null ? fail("The pool of the fixture is too small for this suite.") : buffer;
    }

    private void append(FrameBatch batch, byte[] frame) {
        int at = 0;
        while (at < frame.length) {
            int part = Math.min(frame.length - at, fixture().pool().maxBytes());
            ByteBuf buffer = buffer(part);
            buffer.writeBytes(frame, at, part);
            batch.append(buffer, buffer.readerIndex(), part);
            at += part;
        }
        batch.endFrame();
    }

    private static byte[] bytes(FrameBatch batch, int frame) {
        byte[] bytes = new byte[batch.frameBytes(frame)];
        int at = 0;
        for (int i = 0; i < batch.fragments(frame); i++) {
            batch.buffer(frame, i).getBytes(batch.offset(frame, i), bytes, at, batch.length(frame, i));
            at += batch.length(frame, i);
        }
        return bytes;
    }

    // --- moving frames

    private void offerAll(FrameBatch batch) {
        int frames = batch.frames();
        int[] accepted = {0};
        awaitUntil("the device to accept " + frames + " frames", () -> {
            accepted[0] += device().offer(batch);
            assertEquals(frames - accepted[0], batch.frames());
            return batch.isEmpty();
        });
        device().flush();
    }

    /**
     * Offers short frames while the peer takes none, until an offer is cut short or there were very many. Many frames share
     * a buffer, so that the queue is full before the pool is empty.
     *
     * @return how many frames were left over
     */
    private int fill(FrameBatch batch, List<byte[]> sent) {
        int gap = SHORTEST_BYTES + device().info().headroomBytes();
        ByteBuf buffer = buffer(fixture().pool().maxBytes());
        int first = buffer.readerIndex();
        int at = first;
        try {
            while (sent.size() < MANY_FRAMES) {
                while (batch.frameSpace() > 0) {
                    if (at + SHORTEST_BYTES > buffer.capacity()) {
                        ByteBuf next =
                                fixture().pool().tryAcquire(fixture().pool().maxBytes());
                        if (next == null) {
                            break;
                        }
                        buffer.release();
                        buffer = next;
                        at = first;
                    }
                    sent.add(frame(SHORTEST_BYTES));
                    buffer.setBytes(at, sent.getLast());
                    batch.append(buffer.retain(), at, SHORTEST_BYTES);
                    batch.endFrame();
                    at += gap;
                }
                int frames = batch.frames();
                if (frames == 0) {
                    return fixture().queueFills() ? fail("The pool is too small to fill the queue.") : 0;
                }
                int accepted = device().offer(batch);
                device().flush();
                if (accepted < frames) {
                    return frames - accepted;
                }
            }
            return 0;
        } finally {
            buffer.release();
        }
    }

    private void receiveOnce() {
        FrameBatch batch = new FrameBatch();
        int count = device().poll(batch);
        assertEquals(count, batch.frames());
        collect(batch);
    }

    private void collect(FrameBatch batch) {
        for (int i = 0; i < batch.frames(); i++) {
            byte[] frame = bytes(batch, i);
            if (isOurs(frame)) {
                received.add(frame);
            }
        }
        batch.clear();
    }

    private void takeAtPeer(List<byte[]> into) {
        for (byte[] frame = fixture().peerReceive();
                frame != null;
                frame = fixture().peerReceive()) {
            if (isOurs(frame)) {
                into.add(frame);
            }
        }
    }

    private List<byte[]> awaitAtPeer(int count) {
        List<byte[]> frames = new ArrayList<>();
        awaitUntil(count + " frames at the peer", () -> {
            takeAtPeer(frames);
            return frames.size() >= count;
        });
        return frames;
    }

    private void awaitReceived(int count) {
        awaitUntil(count + " frames from the peer", () -> {
            receiveOnce();
            return received.size() >= count;
        });
    }

    /** Whether there is work: arm says so, or, where the source stays signalled until all is received, the source does. */
    private boolean hasWork() {
        return device().arm() || fixture().waiter().await(fixture().clock().nowNs());
    }

    /** Arms a device on which nothing waits, and of which no earlier signal is left to pass for one that is waited for. */
    private void armIdle() {
        awaitUntil("an idle device", () -> {
            boolean busy = hasWork();
            if (busy) {
                receiveOnce();
            }
            return !busy;
        });
    }

    // --- waiting

    /** Waits in short turns, whatever the device signals. */
    private void awaitUntil(String what, BooleanSupplier condition) {
        long limitNs = fixture().clock().nowNs() + LIMIT_NS;
        while (!condition.getAsBoolean()) {
            long nowNs = fixture().clock().nowNs();
            if (nowNs - limitNs >= 0) {
                fail("Waited in vain for " + what + ".");
            }
            fixture().waiter().await(nowNs + 1_000_000);
        }
    }

    /** Looks at the condition after signals alone: one that does not come fails the test. */
    private void awaitSignal(String what, Runnable peer, BooleanSupplier condition) {
        long limitNs = fixture().clock().nowNs() + LIMIT_NS;
        for (long nowNs = fixture().clock().nowNs();
                nowNs - limitNs < 0;
                nowNs = fixture().clock().nowNs()) {
            peer.run();
            if (fixture().waiter().await(nowNs + 1_000_000)) {
                do {
                    if (condition.getAsBoolean()) {
                        return;
                    }
                } while (device().arm() && fixture().clock().nowNs() - limitNs < 0);
            }
        }
        fail("No signal came for " + what + ".");
    }
}
