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

/** Either side of a packed queue against another that breaks the rules: a typed failure, and nothing of what it said is used. */
class HostilePackedQueueTest {
    private static final int SIZE = 8;
    /** What the flags of a descriptor of the first round say (VIRTIO 1.3, section 2.8.1). */
    private static final int AVAILABLE = PackedLayout.AVAILABLE;

    private static final int USED = PackedLayout.AVAILABLE | PackedLayout.USED;

    private final QueuePair pair = new QueuePair(SIZE, Features.RING_PACKED | Features.INDIRECT_DESC);

    private void describe(int position, long address, int length, int id, int flags) {
        long at = 16L * position;
        pair.ring.set(Ring.LONG, at, address);
        pair.ring.set(Ring.INT, at + PackedLayout.LENGTH, length);
        pair.ring.set(Ring.SHORT, at + PackedLayout.ID, (short) id);
        Ring.release(pair.ring, at + PackedLayout.FLAGS, flags);
    }

    private void use(int position, int id, int bytes) {
        describe(position, 0, bytes, id, USED | PackedLayout.WRITE);
    }

    private void makeAvailable(int position, long address, int length, int flags) {
        describe(position, address, length, 0, AVAILABLE | flags);
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

    @Test
    void aUsedDescriptorWhereNothingIsUnderWay() {
        use(0, 0, 0);
        assertDriverSees(Violation.USED_INDEX);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, SIZE, Short.MAX_VALUE, Short.MIN_VALUE, 5})
    void anIdThatIsNotUnderWay(int id) {
        pair.offer(4, true);
        use(0, id, 4);
        assertDriverSees(Violation.USED_ID);
    }

    @Test
    void anIdThatWasUsedBefore() {
        int first = pair.offer(4, true);
        pair.offer(4, true);
        use(0, first, 4);
        assertEquals(first, pair.driver.poll());
        use(1, first, 4);
        assertDriverSees(Violation.USED_ID);
    }

    @Test
    void anIdThatWasNotMadeAvailableYet() {
        int first = pair.offer(4, true);
        pair.driver.add(QueuePair.DATA_ADDRESS, 4, true);
        int second = pair.driver.end();
        assertTrue(first != second);
        use(0, second, 4);
        assertDriverSees(Violation.USED_ID);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, -1, Integer.MAX_VALUE})
    void moreBytesThanTheChainHasRoomFor(int bytes) {
        int id = pair.offer(4, true);
        use(0, id, bytes);
        assertDriverSees(Violation.USED_LENGTH);
    }

    @Test
    void aLengthThatIsNotSaidToBeWrittenMeansNothing() {
        int id = pair.offer(4, false);
        describe(0, 0, -1, id, USED);
        assertEquals(id, pair.driver.poll());
        assertEquals(0, pair.driver.usedBytes());
    }

    @Test
    void aRingThatTheDeviceRewroteChangesNothing() {
        pair.offer(4, true);
        int second = pair.offer(4, true);
        pair.ring.asSlice(0, 16L * SIZE).fill((byte) 0);
        use(0, second, 4);
        assertEquals(second, pair.driver.poll());
        assertEquals(Virtqueue.NONE, pair.driver.poll());
        assertEquals(SIZE - 1, pair.driver.chains());
    }

    @Test
    void aDescriptorThatIsMadeAvailableTwice() {
        for (int i = 0; i < SIZE; i++) {
            pair.offer(4, true);
            pair.device.next();
        }
        // The next round's wrap counter is 0 (section 2.8.1).
        describe(0, QueuePair.DATA_ADDRESS, 4, 0, PackedLayout.USED);
        assertDeviceSees(Violation.AVAILABLE_INDEX);
    }

    @Test
    void anIdThatTheQueueDoesNotHave() {
        describe(0, QueuePair.DATA_ADDRESS, 4, SIZE, AVAILABLE);
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void anIdThatIsUnderWay() {
        makeAvailable(0, QueuePair.DATA_ADDRESS, 4, 0);
        makeAvailable(1, QueuePair.DATA_ADDRESS, 4, 0);
        assertEquals(0, pair.device.next());
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void aChainThatHasNoEnd() {
        for (int i = 0; i < SIZE; i++) {
            makeAvailable(i, QueuePair.DATA_ADDRESS, 1, PackedLayout.NEXT);
        }
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void aChainWhoseRestIsNotAvailable() {
        makeAvailable(0, QueuePair.DATA_ADDRESS, 1, PackedLayout.NEXT);
        assertDeviceSees(Violation.CHAIN);
    }

    @Test
    void anIndirectDescriptorWithinAChain() {
        makeAvailable(1, QueuePair.DATA_ADDRESS, 16, PackedLayout.INDIRECT);
        makeAvailable(0, QueuePair.DATA_ADDRESS, 1, PackedLayout.NEXT);
        assertDeviceSees(Violation.DESCRIPTOR);
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
        makeAvailable(0, address, 64, 0);
        assertDeviceSees(Violation.ADDRESS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aLengthThatCannotBe(int length) {
        makeAvailable(0, QueuePair.DATA_ADDRESS, length, 0);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @Test
    void aDescriptorToReadBehindOneToWrite() {
        makeAvailable(1, QueuePair.DATA_ADDRESS, 1, 0);
        makeAvailable(0, QueuePair.DATA_ADDRESS, 1, PackedLayout.NEXT | PackedLayout.WRITE);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 24, 16 * (SIZE + 1), -16})
    void anIndirectTableOfAWrongSize(int bytes) {
        makeAvailable(0, QueuePair.DATA_ADDRESS, bytes, PackedLayout.INDIRECT);
        assertDeviceSees(Violation.DESCRIPTOR);
    }

    @Test
    void inAnIndirectTableOnlyOneFlagMeansAnything() {
        // Section 2.8.7: DESC_F_NEXT and DESC_F_INDIRECT are reserved there, and the device ignores them.
        makeAvailable(0, QueuePair.DATA_ADDRESS + 3, 32, PackedLayout.INDIRECT);
        for (int i = 0; i < 2; i++) {
            pair.data.set(Ring.LONG, 3 + 16L * i, QueuePair.DATA_ADDRESS + 100);
            pair.data.set(Ring.INT, 11 + 16L * i, 20);
            pair.data.set(
                    Ring.SHORT, 17 + 16L * i, (short) (PackedLayout.INDIRECT | (i == 1 ? PackedLayout.WRITE : 0)));
        }
        assertEquals(0, pair.device.next());
        assertEquals(2, pair.device.ranges());
        assertEquals(1, pair.device.readable());
        assertEquals(100, pair.device.offset(0));
        assertEquals(20, pair.device.length(0));
    }

    @Test
    void anIndirectTableThatWasNotAgreedOn() {
        QueuePair plain = new QueuePair(SIZE, Features.RING_PACKED);
        plain.ring.set(Ring.LONG, 0, QueuePair.DATA_ADDRESS);
        plain.ring.set(Ring.INT, PackedLayout.LENGTH, 16);
        Ring.release(plain.ring, PackedLayout.FLAGS, AVAILABLE | PackedLayout.INDIRECT);
        assertEquals(
                Violation.DESCRIPTOR,
                assertThrows(VirtioException.class, plain.device::next).violation());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, QueuePair.RING_ADDRESS + 8, QueuePair.DATA_ADDRESS + QueuePair.DATA_BYTES - 16})
    void areasThatDoNotLieInTheSharedMemory(long descriptors) {
        QueueAreas areas = new QueueAreas(SIZE, descriptors, QueuePair.DATA_ADDRESS, QueuePair.DATA_ADDRESS + 4096);
        VirtioException e = assertThrows(
                VirtioException.class, () -> DeviceQueue.create(areas, Features.RING_PACKED, pair.guest, 0));
        assertEquals(Violation.ADDRESS, e.violation());
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE << 16, 0x8003_8001, 0x0000_8001})
    void aBaseThatCannotBe(int base) {
        // Beyond the ring; or the used place after the available one.
        assertThrows(
                VirtioException.class,
                () -> DeviceQueue.create(pair.driver.areas(), Features.RING_PACKED, pair.guest, base));
    }
}
