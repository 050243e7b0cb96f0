package io.uk4j.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Either side of a split queue against another that breaks the rules: a typed failure, and nothing of what it said is used. */
class HostileSplitQueueTest {
    private static final int SIZE = 8;
    private static final long USED = SplitLayout.usedOffset(SIZE);
    private static final long AVAILABLE = SplitLayout.availableOffset(SIZE);

    private final QueuePair pair = new QueuePair(SIZE, Features.INDIRECT_DESC);

    private void use(int place, int id, int bytes, int index) {
        pair.ring.set(Ring.INT, USED + SplitLayout.ELEMENTS + 8L * place, id);
        pair.ring.set(Ring.INT, USED + SplitLayout.ELEMENTS + 8L * place + 4, bytes);
        Ring.release(pair.ring, USED + SplitLayout.INDEX, index);
    }

    private void describe(int descriptor, long address, int length, int flags, int next) {
        long at = 16L * descriptor;
        pair.ring.set(Ring.LONG, at, address);
        pair.ring.set(Ring.INT, at + SplitLayout.LENGTH, length);
        pair.ring.set(Ring.INT, at + SplitLayout.FLAGS, flags | (next << 16));
    }

    private void makeAvailable(int head, int index) {
        pair.ring.set(Ring.SHORT, AVAILABLE + SplitLayout.ELEMENTS, (short) head);
        Ring.release(pair.ring, AVAILABLE + SplitLayout.INDEX, index);
    }

    private void assertDriverSees(Violation violation) {
        assertEquals(
                violation,
                assertThrows(VirtioException.class, pair.driver::poll).violation());
    }

    private void assertDeviceSees(Violation violation) {
        assertEquals(
                violation,
                assertThrows(VirtioException.class, pair.device::next).violation());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 9, 0xffff})
    void aUsedIndexBeyondWhatIsUnderWay(int index) {
        int id = pair.offer(4, true);
        use(0, id, 4, index);
        assertDriverSees(Violation.USED_INDEX);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, SIZE, Integer.MAX_VALUE, Integer.MIN_VALUE, 5})
    void anIdThatIsNotUnderWay(int id) {
        pair.offer(4, true);
        use(0, id, 4, 1);
        assertDriverSees(Violation.USED_ID);
    }

    @Test
    void anIdThatWasUsedBefore() {
        int first = pair.offer(4, true);
        pair.offer(4, true);
        use(0, first, 4, 1);
        assertEquals(first, pair.driver.poll());
        use(1, first, 4, 2);
        assertDriverSees(Violation.USED_ID);
    }

    @Test
    void anIdThatWasNotMadeAvailableYet() {
        int first = pair.offer(4, true);
        pair.driver.add(QueuePair.DATA_ADDRESS, 4, true);
        int second = pair.driver.end();
        assertTrue(first != second);
        use(0, second, 4, 1);
        assertDriverSees(Violation.USED_ID);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, -1, Integer.MAX_VALUE})
    void moreBytesThanTheChainHasRoomFor(int bytes) {
        int id = pair.offer(4, true);
        use(0, id, bytes, 1);
        assertDriverSees(Violation.USED_LENGTH);
    }

    @Test
    void bytesWrittenIntoWhatIsOnlyRead() {
        int id = pair.offer(4, false);
        use(0, id, 1, 1);
        assertDriverSees(Violation.USED_LENGTH);
    }

    @Test
    void aDescriptorTableThatTheDeviceRewroteChangesNothing() {
        int id = pair.offer(4, true);
        pair.ring.asSlice(0, 16L * SIZE).fill((byte) 0xff);
        use(0, id, 4, 1);
        assertEquals(id, pair.driver.poll());
        assertEquals(SIZE, pair.driver.chains());
    }

    @Test
    void moreChainsThanTheQueueHasEntries() {
        makeAvailable(0, SIZE + 1);
        assertDeviceSees(Violation.AVAILABLE_INDEX);
    }

    @Test
    void aHeadOutOfTheTable() {
        makeAvailable(SIZE, 1);
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void aChainThatLoops() {
        describe(0, QueuePair.DATA_ADDRESS, 1, SplitLayout.NEXT, 1);
        describe(1, QueuePair.DATA_ADDRESS, 1, SplitLayout.NEXT, 0);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void aChainThatLeavesTheTable() {
        describe(0, QueuePair.DATA_ADDRESS, 1, SplitLayout.NEXT, SIZE);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.CHAIN);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                -1,
                QueuePair.DATA_ADDRESS - 1,
                QueuePair.DATA_ADDRESS + QueuePair.DATA_BYTES,
                QueuePair.DATA_ADDRESS + QueuePair.DATA_BYTES - 63
            })
    void anAddressOutsideOfTheSharedMemory(long address) {
        describe(0, address, 64, 0, 0);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.ADDRESS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aLengthThatCannotBe(int length) {
        describe(0, QueuePair.DATA_ADDRESS, length, 0, 0);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @Test
    void aDescriptorToReadBehindOneToWrite() {
        describe(0, QueuePair.DATA_ADDRESS, 1, SplitLayout.NEXT | SplitLayout.WRITE, 1);
        describe(1, QueuePair.DATA_ADDRESS, 1, 0, 0);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 24, 16 * (SIZE + 1), -16})
    void anIndirectTableOfAWrongSize(int bytes) {
        describe(0, QueuePair.DATA_ADDRESS, bytes, SplitLayout.INDIRECT, 0);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @Test
    void anIndirectTableMayLieAnywhere() {
        describe(0, QueuePair.DATA_ADDRESS + 3, 16, SplitLayout.INDIRECT, 0);
        pair.data.set(Ring.LONG, 3, QueuePair.DATA_ADDRESS + 100);
        pair.data.set(Ring.INT, 11, 20);
        makeAvailable(0, 1);
        assertEquals(0, pair.device.next());
        assertEquals(100, pair.device.offset(0));
        assertEquals(20, pair.device.length(0));
    }

    @Test
    void anIndirectTableWithinAnother() {
        describe(0, QueuePair.DATA_ADDRESS, 16, SplitLayout.INDIRECT, 0);
        pair.data.set(Ring.LONG, 0, QueuePair.DATA_ADDRESS);
        pair.data.set(Ring.INT, 8, 16);
        pair.data.set(Ring.INT, 12, SplitLayout.INDIRECT);
        makeAvailable(0, 1);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @Test
    void anIndirectTableThatWasNotAgreedOn() {
        QueuePair plain = new QueuePair(SIZE, 0);
        plain.ring.set(Ring.LONG, 0, QueuePair.DATA_ADDRESS);
        plain.ring.set(Ring.INT, 8, 16);
        plain.ring.set(Ring.INT, 12, SplitLayout.INDIRECT);
        Ring.release(plain.ring, AVAILABLE + SplitLayout.INDEX, 1);
        assertEquals(
                Violation.DESCRIPTOR,
                assertThrows(VirtioException.class, plain.device::next).violation());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, QueuePair.RING_ADDRESS + 8, QueuePair.DATA_ADDRESS + QueuePair.DATA_BYTES - 16})
    void areasThatDoNotLieInTheSharedMemory(long descriptors) {
        QueueAreas areas = new QueueAreas(SIZE, descriptors, QueuePair.DATA_ADDRESS, QueuePair.DATA_ADDRESS + 4096);
        VirtioException e = assertThrows(VirtioException.class, () -> DeviceQueue.create(areas, 0, pair.guest, 0));
        assertEquals(Violation.ADDRESS, e.violation());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 65_536, -8})
    void aQueueOfASizeThatCannotBe(int size) {
        QueueAreas areas = new QueueAreas(size, QueuePair.RING_ADDRESS, QueuePair.RING_ADDRESS, QueuePair.RING_ADDRESS);
        assertThrows(VirtioException.class, () -> DeviceQueue.create(areas, 0, pair.guest, 0));
    }
}
