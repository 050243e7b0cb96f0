package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link BlockDevice} does. */
public abstract class BlockDeviceContract {
    private static final long LIMIT_NS = 5_000_000_000L;

    /** A device of at least 64 sectors whose contents the suite may overwrite. */
    public interface Fixture extends AutoCloseable {
        /** The device under test, open and writable. */
        BlockDevice device();

        /** The same device, or another, opened as read-only; null where there is no such thing. */
        @Nullable
        BlockDevice readOnlyDevice();

        /** A waiter of the platform, by which the suite waits; it registers the device's source. */
        Waiter waiter();

        /** The clock of that waiter's deadlines. */
        Clock clock();

        /**
         * A buffer that the device can reach, released by the suite.
         *
         * @param bytes its capacity
         */
        default ByteBuf buffer(int bytes) {
            return Unpooled.directBuffer(bytes, bytes);
        }

        /** Frees everything, the devices too. Called after the suite closed the device. */
        @Override
        void close();
    }

    /** A request and what became of it. */
    private static final class Tracked {
        final BlockRequest request;
        int completions;
        int status = -1;

        Tracked(int fragments) {
            request = new BlockRequest(fragments, (done, newStatus) -> {
                completions++;
                status = newStatus;
            });
        }
    }

    private @Nullable Fixture opened;
    private final List<ByteBuf> buffers = new ArrayList<>();

    /** Creates the suite. */
    protected BlockDeviceContract() {}

    /**
     * Opens a device.
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
                for (ByteBuf buffer : buffers) {
                    assertEquals(1, buffer.refCnt(), "a device neither retains nor releases a request's buffers");
                    buffer.release();
                }
            }
        }
    }

    private Fixture fixture() {
        if (opened == null) {
            throw new IllegalStateException("The fixture is not open.");
        }
        return opened;
    }

    private BlockDevice device() {
        return fixture().device();
    }

    private BlockDeviceInfo info() {
        return device().info();
    }

    private int sector() {
        return info().sectorBytes();
    }

    @Test
    void infoStaysTheSame() {
        assertFalse(info().name().isBlank());
        assertFalse(info().readOnly());
        assertTrue(info().sectors() >= 64, "the fixture's device has only " + info().sectors() + " sectors");
        assertEquals(info(), device().info());
    }

    @Test
    void readsBackWhatWasWritten() {
        byte[] first = pattern(1, 2 * sector());
        byte[] second = pattern(2, sector());
        write(0, first);
        write(5, second);
        write(info().sectors() - 1, second);

        assertArrayEquals(first, read(0, 2));
        assertArrayEquals(second, read(5, 1));
        assertArrayEquals(second, read(info().sectors() - 1, 1));
    }

    @Test
    void aRewriteReplacesOnlyItsRange() {
        byte[] old = pattern(3, 4 * sector());
        byte[] middle = pattern(4, sector());
        write(8, old);
        write(9, middle);

        byte[] expected = old.clone();
        System.arraycopy(middle, 0, expected, sector(), sector());
        assertArrayEquals(expected, read(8, 4));
    }

    @Test
    void fragmentsAreOneRange() {
        int fragments = Math.min(4, info().maxFragments());
        byte[] data = pattern(5, fragments * sector());
        Tracked write = new Tracked(fragments);
        write.request.transfer(Operation.WRITE, 16L * sector());
        for (int i = 0; i < fragments; i++) {
            // Each fragment lies somewhere else in a buffer of its own.
            ByteBuf buffer = buffer(sector() + 64);
            buffer.setBytes(8 * i, data, i * sector(), sector());
            write.request.add(buffer, 8 * i, sector());
        }
        finish(write);

        assertArrayEquals(data, read(16, fragments));
        Tracked read = new Tracked(fragments);
        read.request.transfer(Operation.READ, 16L * sector());
        List<ByteBuf> targets = new ArrayList<>();
        for (int i = 0; i < fragments; i++) {
            ByteBuf buffer = buffer(sector() + 64);
            buffer.setZero(0, buffer.capacity());
            targets.add(buffer);
            read.request.add(buffer, 16, sector());
        }
        finish(read);
        for (int i = 0; i < fragments; i++) {
            byte[] part = new byte[sector()];
            targets.get(i).getBytes(16, part);
            for (int j = 0; j < sector(); j++) {
                assertEquals(data[i * sector() + j], part[j]);
            }
            assertEquals(0, targets.get(i).getLong(8), "in front of the fragment");
            assertEquals(0, targets.get(i).getLong(16 + sector()), "behind the fragment");
        }
    }

    @Test
    void aTransferLeavesTheBuffersIndicesAlone() {
        ByteBuf buffer = buffer(sector());
        buffer.setIndex(3, 7);
        Tracked tracked = new Tracked(1);
        tracked.request.transfer(Operation.READ, 0).add(buffer, 0, sector());
        finish(tracked);

        assertEquals(3, buffer.readerIndex());
        assertEquals(7, buffer.writerIndex());
    }

    @Test
    void flushesAndZeroes() {
        byte[] data = pattern(6, 3 * sector());
        write(20, data);
        Tracked flush = new Tracked(1);
        flush.request.flush();
        finish(flush);

        Tracked zeroes = new Tracked(1);
        zeroes.request.range(Operation.WRITE_ZEROES, 21L * sector(), sector());
        finish(zeroes);
        byte[] expected = data.clone();
        Arrays.fill(expected, sector(), 2 * sector(), (byte) 0);
        assertArrayEquals(expected, read(20, 3));
    }

    @Test
    void aDiscardedRangeCanBeWrittenAgain() {
        write(24, pattern(7, 3 * sector()));
        Tracked discard = new Tracked(1);
        discard.request.range(Operation.DISCARD, 25L * sector(), sector());
        finish(discard);

        byte[] again = pattern(8, sector());
        write(25, again);
        assertArrayEquals(again, read(25, 1));
        byte[] before = new byte[sector()];
        System.arraycopy(pattern(7, 3 * sector()), 0, before, 0, sector());
        assertArrayEquals(before, read(24, 1));
    }

    @Test
    void refusesWhatIsNotWholeSectors() {
        refuses(new Tracked(1), request -> request.transfer(Operation.READ, 1).add(buffer(sector()), 0, sector()));
        refuses(new Tracked(1), request -> request.transfer(Operation.READ, 0).add(buffer(sector()), 0, sector() - 1));
        refuses(new Tracked(1), request -> request.transfer(Operation.WRITE, 0).add(buffer(sector()), 0, 1));
        refuses(new Tracked(1), request -> request.range(Operation.WRITE_ZEROES, 0, 1));
        refuses(new Tracked(1), request -> request.range(Operation.DISCARD, 7, sector()));
    }

    @Test
    void refusesWhatLiesBeyondTheDevice() {
        long end = info().capacityBytes();
        refuses(new Tracked(1), request -> request.transfer(Operation.READ, end).add(buffer(sector()), 0, sector()));
        refuses(
                new Tracked(1),
                request ->
                        request.transfer(Operation.WRITE, end - sector()).add(buffer(2 * sector()), 0, 2 * sector()));
        refuses(
                new Tracked(1),
                request -> request.transfer(Operation.READ, -sector()).add(buffer(sector()), 0, sector()));
        refuses(new Tracked(1), request -> request.range(Operation.WRITE_ZEROES, 0, end + sector()));
        refuses(
                new Tracked(1),
                request -> request.range(Operation.DISCARD, Long.MAX_VALUE / sector() * sector(), sector()));
        refuses(new Tracked(1), request -> request.range(Operation.WRITE_ZEROES, sector(), -sector()));
    }

    @Test
    void refusesMoreFragmentsThanItTakes() {
        int limit = info().maxFragments();
        if (limit > 4096 || limit >= info().sectors()) {
            return;
        }
        ByteBuf buffer = buffer(sector());
        refuses(new Tracked(limit + 1), request -> {
            request.transfer(Operation.READ, 0);
            for (int i = 0; i <= limit; i++) {
                request.add(buffer, 0, sector());
            }
        });
    }

    @Test
    void aReadOnlyDeviceRefusesToWrite() {
        BlockDevice device = fixture().readOnlyDevice();
        if (device == null) {
            return;
        }
        assertTrue(device.info().readOnly());
        int bytes = device.info().sectorBytes();
        Tracked tracked = new Tracked(1);
        tracked.request.transfer(Operation.WRITE, 0).add(buffer(bytes), 0, bytes);
        assertThrows(IllegalArgumentException.class, () -> device.submit(tracked.request));
        tracked.request.range(Operation.WRITE_ZEROES, 0, bytes);
        assertThrows(IllegalArgumentException.class, () -> device.submit(tracked.request));
        tracked.request.range(Operation.DISCARD, 0, bytes);
        assertThrows(IllegalArgumentException.class, () -> device.submit(tracked.request));
        device.poll(16);
        assertEquals(0, tracked.completions);
    }

    @Test
    void aFullQueueLeavesTheRequestWithTheCaller() {
        int depth = info().queueDepth();
        if (depth > 4096) {
            return;
        }
        List<Tracked> accepted = new ArrayList<>();
        Tracked next = readOf(0);
        while (device().submit(next.request)) {
            accepted.add(next);
            assertTrue(accepted.size() <= depth, "more requests are under way than the queue is deep");
            next = readOf(accepted.size() % 64);
        }
        assertFalse(accepted.isEmpty());
        Tracked refused = next;
        awaitUntil("all that was accepted", () -> {
            device().poll(3);
            return accepted.stream().allMatch(tracked -> tracked.completions > 0);
        });

        assertEquals(0, refused.completions);
        finish(refused);
        accepted.forEach(tracked -> assertEquals(1, tracked.completions));
    }

    @Test
    void pollCallsNoMoreCompletionsThanItsLimit() {
        int count = Math.min(6, info().queueDepth());
        List<Tracked> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Tracked tracked = readOf(i);
            assertTrue(device().submit(tracked.request));
            requests.add(tracked);
        }

        int[] done = {0};
        awaitUntil("all completions", () -> {
            int called = device().poll(2);
            assertTrue(called <= 2);
            done[0] += called;
            assertEquals(
                    done[0],
                    requests.stream().mapToInt(tracked -> tracked.completions).sum());
            return done[0] == count;
        });
        assertEquals(0, device().poll(16));
    }

    @Test
    void completionsComeFromPollAlone() {
        Tracked tracked = readOf(0);
        assertTrue(device().submit(tracked.request));
        assertEquals(0, tracked.completions);

        complete(tracked);
    }

    @Test
    void aRequestCanBeUsedAgain() {
        Tracked tracked = readOf(0);
        finish(tracked);
        tracked.completions = 0;
        finish(tracked);
    }

    @Test
    void armingSaysSoOrASignalFollows() {
        for (int i = 0; i < 20; i++) {
            Tracked tracked = readOf(i);
            assertTrue(device().submit(tracked.request));
            long limitNs = fixture().clock().nowNs() + LIMIT_NS;
            while (tracked.completions == 0) {
                if (!device().arm() && !fixture().waiter().await(limitNs)) {
                    fail("Armed, yet no signal came for a completion.");
                }
                device().poll(1);
                assertTrue(fixture().clock().nowNs() - limitNs < 0, "arm says for ever that there is a completion");
            }
        }
        assertFalse(device().arm(), "nothing is under way");
    }

    @Test
    void closingCompletesWhatIsUnderWayOnce() {
        List<Tracked> requests = new ArrayList<>();
        for (int i = 0; i < Math.min(4, info().queueDepth()); i++) {
            Tracked tracked = readOf(i);
            assertTrue(device().submit(tracked.request));
            requests.add(tracked);
        }

        device().close();
        device().close();

        for (Tracked tracked : requests) {
            assertEquals(1, tracked.completions);
            assertEquals(BlockRequest.CLOSED, tracked.status);
        }
    }

    @Test
    void aRandomWalkMatchesAModel() {
        long seed = 20;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] model = new byte[64 * sector()];
        write(0, model);
        for (int step = 0; step < 200; step++) {
            int first = random.nextInt(64);
            int count = random.nextInt(1, Math.min(8, 64 - first) + 1);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    byte[] data = pattern(random.nextInt(), count * sector());
                    System.arraycopy(data, 0, model, first * sector(), data.length);
                    write(first, data);
                }
                case 2 -> {
                    Arrays.fill(model, first * sector(), (first + count) * sector(), (byte) 0);
                    Tracked zeroes = new Tracked(1);
                    zeroes.request.range(Operation.WRITE_ZEROES, (long) first * sector(), (long) count * sector());
                    finish(zeroes);
                }
                default -> {
                    byte[] expected = Arrays.copyOfRange(model, first * sector(), (first + count) * sector());
                    assertArrayEquals(expected, read(first, count), "seed " + seed + ", step " + step);
                }
            }
        }
        assertArrayEquals(model, read(0, 64), "seed " + seed);
    }

    // ---

    private static byte[] pattern(int seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private ByteBuf buffer(int bytes) {
        ByteBuf buffer = fixture().buffer(bytes);
        buffers.add(buffer);
        return buffer;
    }

    private Tracked readOf(long sector) {
        Tracked tracked = new Tracked(1);
        tracked.request.transfer(Operation.READ, sector * sector()).add(buffer(sector()), 0, sector());
        return tracked;
    }

    private void write(long sector, byte[] data) {
        ByteBuf buffer = buffer(data.length);
        buffer.setBytes(0, data);
        Tracked tracked = new Tracked(1);
        tracked.request.transfer(Operation.WRITE, sector * sector()).add(buffer, 0, data.length);
        finish(tracked);
    }

    private byte[] read(long sector, int sectors) {
        ByteBuf buffer = buffer(sectors * sector());
        Tracked tracked = new Tracked(1);
        tracked.request.transfer(Operation.READ, sector * sector()).add(buffer, 0, sectors * sector());
        finish(tracked);
        byte[] data = new byte[sectors * sector()];
        buffer.getBytes(0, data);
        return data;
    }

    private void finish(Tracked tracked) {
        assertTrue(device().submit(tracked.request), "an idle device refused a request");
        complete(tracked);
    }

    private void complete(Tracked tracked) {
        awaitUntil("a completion", () -> {
            device().poll(16);
            return tracked.completions > 0;
        });
        assertEquals(1, tracked.completions);
        assertEquals(BlockRequest.OK, tracked.status);
    }

    private void refuses(Tracked tracked, Consumer<BlockRequest> preparation) {
        preparation.accept(tracked.request);
        assertThrows(IllegalArgumentException.class, () -> device().submit(tracked.request));
        device().poll(16);
        assertEquals(0, tracked.completions, "a refused request was completed");
    }

    private void awaitUntil(String what, BooleanSupplier condition) {
        long limitNs = fixture().clock().nowNs() + LIMIT_NS;
        while (!condition.getAsBoolean()) {
            long nowNs = fixture().clock().nowNs();
            if (nowNs - limitNs >= 0) {
                fail("Waited in vain for " + what + ".");
            }
            if (!device().arm()) {
                fixture().waiter().await(nowNs + 1_000_000);
            }
        }
    }
}
