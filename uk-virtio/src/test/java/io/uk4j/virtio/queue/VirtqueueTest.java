package io.uk4j.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What both sides of a queue promise each other, for every set of features. */
class VirtqueueTest {
    private static final int SIZE = 16;

    static Stream<Long> features() {
        return IntStream.range(0, 16)
                .mapToObj(bits -> ((bits & 8) != 0 ? Features.RING_PACKED : 0)
                        | ((bits & 1) != 0 ? Features.INDIRECT_DESC : 0)
                        | ((bits & 2) != 0 ? Features.EVENT_IDX : 0)
                        | ((bits & 4) != 0 ? Features.IN_ORDER : 0));
    }

    /** A chain as the test remembers it while it is under way. */
    private record Chain(int id, byte pattern, int readableBytes, int writableBytes, long address) {}

    @ParameterizedTest
    @MethodSource("features")
    void carriesRandomChainsUntilIndicesHaveWrappedTwice(long features) {
        long seed = 20_261_126L + features;
        Random random = new Random(seed);
        QueuePair pair = new QueuePair(SIZE, features);
        Chain[] underWay = new Chain[SIZE];
        List<int[]> taken = new ArrayList<>();
        int done = 0;
        while (done < 140_000) {
            int wanted = random.nextInt(4);
            for (int i = 0; i < wanted; i++) {
                int ranges = 1 + random.nextInt(4);
                if (pair.driver.space() < ranges) {
                    break;
                }
                Chain chain = build(pair, random, ranges, (byte) random.nextInt(), unusedPage(underWay, random));
                assertEquals(null, underWay[chain.id], "an id is of one chain at a time, seed " + seed);
                underWay[chain.id] = chain;
            }
            pair.driver.publish();
            for (int id = pair.device.next(); id >= 0; id = pair.device.next()) {
                taken.add(new int[] {id, serve(pair, underWay[id])});
            }
            boolean inOrder = Features.has(features, Features.IN_ORDER);
            for (int i = random.nextInt(1 + taken.size()); i > 0; i--) {
                int[] one = taken.remove(inOrder ? 0 : random.nextInt(taken.size()));
                pair.device.complete(one[0], one[1]);
            }
            pair.device.publish();
            for (int id = pair.driver.poll(); id >= 0; id = pair.driver.poll()) {
                Chain chain = underWay[id];
                underWay[id] = null;
                assertEquals(chain.writableBytes, pair.driver.usedBytes(), "seed " + seed);
                for (int i = 0; i < chain.writableBytes; i++) {
                    byte got = pair.data.get(ValueLayout.JAVA_BYTE, chain.address + chain.readableBytes + i);
                    assertEquals((byte) ~chain.pattern, got, "seed " + seed);
                }
                done++;
            }
        }
    }

    private static long unusedPage(Chain[] underWay, Random random) {
        long page = 4096L * random.nextInt(QueuePair.DATA_BYTES / 4096);
        boolean used = Arrays.stream(underWay).anyMatch(chain -> chain != null && chain.address == page);
        return used ? unusedPage(underWay, random) : page;
    }

    private static Chain build(QueuePair pair, Random random, int ranges, byte pattern, long address) {
        if (ranges == 1 && random.nextBoolean()) {
            return buildSingle(pair, random, pattern, address);
        }
        int readable = random.nextInt(ranges + 1);
        int readableBytes = 0;
        int bytes = 0;
        for (int i = 0; i < ranges; i++) {
            int length = 1 + random.nextInt(100);
            pair.driver.add(QueuePair.DATA_ADDRESS + address + bytes, length, i >= readable);
            bytes += length;
            readableBytes += i < readable ? length : 0;
        }
        pair.data.asSlice(address, readableBytes).fill(pattern);
        return new Chain(pair.driver.end(), pattern, readableBytes, bytes - readableBytes, address);
    }

    private static Chain buildSingle(QueuePair pair, Random random, byte pattern, long address) {
        boolean writable = random.nextBoolean();
        int length = 1 + random.nextInt(100);
        int id = pair.driver.addSingle(QueuePair.DATA_ADDRESS + address, length, writable);
        int readableBytes = writable ? 0 : length;
        pair.data.asSlice(address, readableBytes).fill(pattern);
        return new Chain(id, pattern, readableBytes, length - readableBytes, address);
    }

    /** The device checks what it reads and writes its complement; returns how many bytes it wrote. */
    private static int serve(QueuePair pair, Chain chain) {
        int read = 0;
        int written = 0;
        DeviceQueue device = pair.device;
        for (int i = 0; i < device.ranges(); i++) {
            if (i < device.readable()) {
                read += device.length(i);
            } else {
                device.segment(i).asSlice(device.offset(i), device.length(i)).fill((byte) ~chain.pattern);
                written += device.length(i);
            }
        }
        assertEquals(chain.readableBytes, read);
        assertEquals(chain.writableBytes, written);
        return written;
    }

    @ParameterizedTest
    @MethodSource("features")
    void showsNothingBeforeItIsPublished(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        pair.driver.add(QueuePair.DATA_ADDRESS, 10, true);
        pair.driver.end();
        assertEquals(DeviceQueue.NONE, pair.device.next());
        pair.driver.publish();
        int id = pair.device.next();
        assertTrue(id >= 0);
        pair.device.complete(id, 5);
        assertEquals(Virtqueue.NONE, pair.driver.poll());
        pair.device.publish();
        assertEquals(id, pair.driver.poll());
        assertEquals(5, pair.driver.usedBytes());
        assertEquals(Virtqueue.NONE, pair.driver.poll());
    }

    @ParameterizedTest
    @MethodSource("features")
    void takesAsManyChainsAsItHasEntries(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        for (int i = 0; i < SIZE; i++) {
            assertEquals(SIZE - i, pair.driver.chains());
            pair.offer(1, true);
        }
        assertEquals(0, pair.driver.space());
        assertThrows(IllegalStateException.class, () -> pair.driver.add(QueuePair.DATA_ADDRESS, 1, true));
        pair.serve(1);
        assertTrue(pair.driver.poll() >= 0);
        assertEquals(1, pair.driver.chains());
    }

    @ParameterizedTest
    @MethodSource("features")
    void anArmedSideIsNotifiedOrFindsTheNewsAtOnce(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        // The news comes after the request: a notification follows.
        assertFalse(pair.device.arm());
        pair.offer(1, true);
        assertTrue(pair.driver.needsKick());
        assertFalse(pair.driver.arm());
        pair.serve(1);
        assertTrue(pair.device.needsCall());
        assertTrue(pair.driver.poll() >= 0);
        // The news comes before it: whoever asks looks again.
        pair.offer(1, true);
        assertTrue(pair.device.arm());
        pair.serve(1);
        assertTrue(pair.driver.arm());
    }

    @ParameterizedTest
    @MethodSource("features")
    void aSideThatIsAtWorkIsNotNotified(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        assertFalse(pair.device.arm());
        pair.offer(1, true);
        assertTrue(pair.driver.needsKick());
        assertFalse(pair.driver.needsKick(), "once for what was published");
        pair.serve(1);
        assertFalse(pair.device.needsCall() && !Features.has(features, Features.EVENT_IDX), "nobody has armed");
        assertTrue(pair.driver.poll() >= 0);
        pair.offer(1, true);
        assertFalse(pair.driver.needsKick(), "the device has not armed since");
        pair.serve(1);
        assertTrue(pair.driver.poll() >= 0);
        pair.offer(1, true);
        pair.serve(1);
        assertFalse(pair.device.needsCall() && !Features.has(features, Features.EVENT_IDX));
    }

    @Test
    void aBatchThatIsUsedInOrderMayBeToldOfByItsLastChain() {
        QueuePair pair = new QueuePair(SIZE, Features.IN_ORDER);
        int first = pair.offer(10, true);
        int second = pair.offer(20, true);
        int third = pair.offer(30, true);
        // Section 2.7.9: one element, at the place of the first, and the index moves by the size of the batch.
        long used = SplitLayout.usedOffset(SIZE);
        pair.ring.set(Ring.INT, used + SplitLayout.ELEMENTS, third);
        pair.ring.set(Ring.INT, used + SplitLayout.ELEMENTS + 4, 7);
        Ring.release(pair.ring, used + SplitLayout.INDEX, 3);
        assertEquals(first, pair.driver.poll());
        assertEquals(10, pair.driver.usedBytes());
        assertEquals(second, pair.driver.poll());
        assertEquals(20, pair.driver.usedBytes());
        assertTrue(pair.driver.arm(), "there is more");
        assertEquals(third, pair.driver.poll());
        assertEquals(7, pair.driver.usedBytes());
        assertEquals(Virtqueue.NONE, pair.driver.poll());
        assertEquals(SIZE, pair.driver.chains());
    }

    @Test
    void aBatchOfAPackedQueueMayBeToldOfByItsLastChain() {
        QueuePair pair = new QueuePair(SIZE, Features.IN_ORDER | Features.RING_PACKED);
        int first = pair.offer(10, true);
        pair.driver.add(QueuePair.DATA_ADDRESS, 10, true);
        pair.driver.add(QueuePair.DATA_ADDRESS, 10, true);
        int second = pair.driver.end();
        pair.driver.publish();
        int third = pair.offer(30, true);
        // Section 2.8.8: one used descriptor, at the place of the first chain, with the id of the last.
        pair.ring.set(Ring.INT, PackedLayout.LENGTH, 7);
        pair.ring.set(Ring.SHORT, PackedLayout.ID, (short) third);
        Ring.release(pair.ring, PackedLayout.FLAGS, PackedLayout.WRITE | PackedLayout.USED | PackedLayout.AVAILABLE);
        assertEquals(first, pair.driver.poll());
        assertEquals(10, pair.driver.usedBytes());
        assertEquals(second, pair.driver.poll());
        assertEquals(20, pair.driver.usedBytes());
        assertTrue(pair.driver.arm(), "there is more");
        assertEquals(third, pair.driver.poll());
        assertEquals(7, pair.driver.usedBytes());
        assertEquals(Virtqueue.NONE, pair.driver.poll());
        assertEquals(SIZE, pair.driver.chains());
    }

    @ParameterizedTest
    @MethodSource("features")
    void isAsNewAfterAReset(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        for (int i = 0; i < 5; i++) {
            pair.offer(1, true);
        }
        pair.serve(1);
        pair.reset();
        assertEquals(SIZE, pair.driver.chains());
        assertEquals(Virtqueue.NONE, pair.driver.poll());
        assertEquals(DeviceQueue.NONE, pair.device.next());
        pair.offer(3, true);
        pair.serve(3);
        assertTrue(pair.driver.poll() >= 0);
    }

    /** Some of the stops lie where either wrap counter of a packed queue has just changed, or has changed on one side only. */
    @ParameterizedTest
    @MethodSource("features")
    void goesOnWhereAnotherBackEndHasStopped(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        for (int round = 0; round < 3 * SIZE; round++) {
            int first = pair.offer(1, true);
            int second = pair.offer(2, true);
            pair.serve(1);
            assertEquals(first, pair.driver.poll());
            pair.device = DeviceQueue.create(pair.driver.areas(), features, pair.guest, pair.device.base());
            pair.serve(2);
            assertEquals(second, pair.driver.poll());
            assertEquals(2, pair.driver.usedBytes());
            if (round % 2 == 0) {
                pair.offer(3, true);
                pair.serve(3);
                assertTrue(pair.driver.poll() >= 0);
            }
        }
    }

    @Test
    void refusesSizesAndMemoryThatCannotBe() {
        Pages small = new Pages(Arena.ofAuto().allocate(64, 16), 0, null);
        Pages large = new Pages(Arena.ofAuto().allocate(1 << 16, 4096), 0, null);
        assertThrows(IllegalArgumentException.class, () -> Virtqueue.create(3, 0, large));
        assertThrows(IllegalArgumentException.class, () -> Virtqueue.create(65_536, 0, large));
        assertThrows(IllegalArgumentException.class, () -> Virtqueue.create(16, 0, small));
        assertThrows(IllegalArgumentException.class, () -> Virtqueue.create(16, Features.RING_PACKED, small));
    }

    @Test
    void refusesChainsThatCannotBe() {
        QueuePair pair = new QueuePair(SIZE, 0);
        assertThrows(IllegalStateException.class, pair.driver::end);
        assertThrows(IllegalStateException.class, () -> pair.driver.add(QueuePair.DATA_ADDRESS, 0, true));
        pair.driver.add(QueuePair.DATA_ADDRESS, 1, true);
        assertThrows(IllegalStateException.class, () -> pair.driver.add(QueuePair.DATA_ADDRESS, 1, false));
    }

    @ParameterizedTest
    @MethodSource("features")
    void refusesAChainOfOneRangeThatCannotBe(long features) {
        QueuePair pair = new QueuePair(SIZE, features);
        assertThrows(IllegalStateException.class, () -> pair.driver.addSingle(QueuePair.DATA_ADDRESS, 0, true));
        pair.driver.add(QueuePair.DATA_ADDRESS, 1, true);
        assertThrows(IllegalStateException.class, () -> pair.driver.addSingle(QueuePair.DATA_ADDRESS, 1, true));
        pair.driver.end();
        while (pair.driver.chains() > 0) {
            pair.driver.addSingle(QueuePair.DATA_ADDRESS, 1, true);
        }
        assertThrows(IllegalStateException.class, () -> pair.driver.addSingle(QueuePair.DATA_ADDRESS, 1, true));
    }
}
