package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.uk4j.core.OutOfMemoryException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PacketPoolTest {
    private final TestPages pages = new TestPages(64 << 20);
    private final List<PacketPool> pools = new ArrayList<>();

    @AfterEach
    void allMemoryIsHome() {
        pools.forEach(PacketPool::close);
        assertEquals(0, pages.outBytes());
    }

    private PacketPool own(PacketPool.Builder builder) {
        PacketPool pool = builder.build();
        pools.add(pool);
        return pool;
    }

    private PacketPool small() {
        return own(PacketPool.builder(pages).sizeClass(16384, 2).sizeClass(2048, 4));
    }

    private static PoolBuffer acquire(PacketPool pool, int bytes) {
        PoolBuffer buffer = pool.tryAcquire(bytes);
        assertNotNull(buffer);
        return buffer;
    }

    @Test
    void aFullFrameFitsASmallSlotBehindTheHeadroom() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 1514);

        assertEquals(2048, buffer.capacity());
        assertEquals(1, buffer.refCnt());
        assertEquals(128, buffer.readerIndex());
        assertEquals(128, buffer.writerIndex());
        assertEquals(1920, buffer.writableBytes());
        assertTrue(buffer.release());
    }

    @Test
    void theSameObjectComesBackLastInFirstOut() {
        PacketPool pool = small();
        PoolBuffer first = acquire(pool, 100);
        PoolBuffer second = acquire(pool, 100);
        first.writeLong(1).markWriterIndex();
        first.release();
        second.release();

        assertSame(second, acquire(pool, 100));
        assertSame(first, acquire(pool, 100));
        assertEquals(128, first.writerIndex());
        first.resetWriterIndex();
        assertEquals(128, first.writerIndex(), "a mark of the last owner is gone");
        first.release();
        second.release();
    }

    @Test
    void allSlotsAreAlignedAndNoTwoOverlap() {
        PacketPool pool = own(PacketPool.builder(pages)
                .sizeClass(2048, 1100)
                .sizeClass(192, 700)
                .sizeClass(16384, 40));
        List<PoolBuffer> all = new ArrayList<>();
        for (int bytes : new int[] {64, 1514, 16000}) {
            for (PoolBuffer buffer = pool.tryAcquire(bytes); buffer != null; buffer = pool.tryAcquire(bytes)) {
                all.add(buffer);
            }
        }
        assertEquals(1840, all.size());
        assertEquals(0, pool.availableBytes());
        all.sort((a, b) -> Long.compare(a.memoryAddress(), b.memoryAddress()));
        long end = 0;
        for (PoolBuffer buffer : all) {
            assertTrue(buffer.memoryAddress() >= end);
            assertEquals(0, buffer.memoryAddress() % Math.min(4096, Integer.lowestOneBit(buffer.capacity())));
            assertEquals(buffer.memoryAddress() + TestPages.DEVICE_OFFSET, buffer.deviceAddress());
            end = buffer.memoryAddress() + buffer.capacity();
            buffer.release();
        }
        assertEquals(pool.capacityBytes(), pool.availableBytes());
    }

    @Test
    void segmentAndAddressShowTheBytesOfTheBuffer() {
        PacketPool pool = small();
        acquire(pool, 100).release();
        PoolBuffer buffer = acquire(pool, 100);
        buffer.setInt(0, 0x01020304);
        buffer.setByte(2047, 9);

        assertEquals(2048, buffer.segment().byteSize());
        assertEquals(1, buffer.segment().get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(9, buffer.segment().get(ValueLayout.JAVA_BYTE, 2047));
        assertTrue(buffer.hasMemoryAddress());
        assertEquals(buffer.segment().address(), buffer.memoryAddress());
        assertEquals(buffer.segment().address() + 128, buffer.slice(128, 10).memoryAddress());
        buffer.release();
    }

    @Test
    void aLargerClassHelpsOutAndThenThePoolRefusesUntilABufferIsBack() {
        PacketPool pool = small();
        Deque<PoolBuffer> held = new ArrayDeque<>();
        for (int i = 0; i < 4; i++) {
            held.push(acquire(pool, 1920));
            assertEquals(2048, held.element().capacity());
        }
        for (int i = 0; i < 2; i++) {
            held.push(acquire(pool, 1920));
            assertEquals(16384, held.element().capacity());
        }
        assertNull(pool.tryAcquire(1920));
        assertNull(pool.tryAcquire(1921));
        assertEquals(6, pool.inUse());

        held.pop().release();
        held.push(acquire(pool, 1921));
        held.forEach(ByteBuf::release);
        assertEquals(0, pool.inUse());
    }

    @Test
    void refusesSizesThatNoSlotHas() {
        PacketPool pool = small();
        assertEquals(16384 - 128, pool.maxBytes());
        assertThrows(IllegalArgumentException.class, () -> pool.tryAcquire(pool.maxBytes() + 1));
        assertThrows(IllegalArgumentException.class, () -> pool.tryAcquire(0));
    }

    @Test
    void countsReferencesAndRefusesWhatCannotBe() {
        PoolBuffer buffer = acquire(small(), 100);
        assertSame(buffer, buffer.retain(3).retain());
        assertEquals(5, buffer.refCnt());
        assertThrows(IllegalReferenceCountException.class, () -> buffer.retain(Integer.MAX_VALUE));
        assertThrows(IllegalReferenceCountException.class, () -> buffer.release(6));
        assertThrows(IllegalArgumentException.class, () -> buffer.retain(0));
        assertThrows(IllegalArgumentException.class, () -> buffer.release(-1));
        assertEquals(5, buffer.refCnt());
        assertFalse(buffer.release(4));
        assertEquals(1, buffer.refCnt());
        assertTrue(buffer.release());
        assertEquals(0, buffer.refCnt());
        assertThrows(IllegalReferenceCountException.class, buffer::release);
        assertThrows(IllegalReferenceCountException.class, () -> buffer.getByte(0));
    }

    @Test
    void aBufferThatHadManyReferencesComesBackWithOne() {
        PacketPool pool = own(PacketPool.builder(pages).sizeClass(2048, 1));
        assertTrue(acquire(pool, 100).retain(2).release(3));
        PoolBuffer buffer = acquire(pool, 100);
        assertEquals(1, buffer.refCnt());
        assertTrue(buffer.release());
    }

    @Test
    void aBufferIsOutUntilItsLastReferenceIsReleased() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 10);
        ByteBuf slice = buffer.writeInt(7).retainedSlice();

        assertFalse(buffer.release());
        assertEquals(1, pool.inUse());
        assertEquals(7, slice.readInt());
        assertTrue(slice.release());
        assertEquals(0, pool.inUse());
    }

    @Test
    void refusesASecondReleaseAndUseAfterRelease() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 10);
        buffer.release();

        assertThrows(IllegalReferenceCountException.class, buffer::release);
        assertThrows(IllegalReferenceCountException.class, buffer::retain);
        assertThrows(IllegalReferenceCountException.class, () -> buffer.getByte(0));
        assertThrows(IllegalReferenceCountException.class, () -> buffer.writeByte(0));
        assertEquals(0, pool.inUse());
        assertEquals(pool.capacityBytes(), pool.availableBytes());
    }

    @Test
    void refusesToChangeTheCapacity() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 10);

        assertThrows(UnsupportedOperationException.class, () -> buffer.capacity(1024));
        assertThrows(UnsupportedOperationException.class, () -> buffer.capacity(4096));
        assertThrows(IndexOutOfBoundsException.class, () -> buffer.ensureWritable(1921));
        assertSame(buffer, buffer.capacity(2048));
        buffer.release();
    }

    @Test
    void copiesDoNotComeFromThePool() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 10);
        ByteBuf copy = buffer.writeInt(42).copy();
        buffer.release();

        assertEquals(0, pool.inUse());
        assertEquals(42, copy.readInt());
        copy.release();
    }

    @Test
    void staysOpenWhileABufferIsOutAndSaysWhichOne() {
        PacketPool pool = small();
        PoolBuffer buffer = acquire(pool, 5000);

        String message = assertThrows(IllegalStateException.class, pool::close).getMessage();
        assertTrue(message.startsWith("Packet buffers were not released: 1 of 2 with 16384 bytes."), message);
        assertTrue(message.contains("uk.mm.pool.track=true"), message);
        assertEquals(3, buffer.writeByte(3).readByte());
        buffer.release();
        pool.close();
        pool.close();
        assertThrows(IllegalStateException.class, () -> pool.tryAcquire(10));
        assertThrows(IllegalReferenceCountException.class, () -> buffer.getByte(0));
    }

    @Test
    void takesNothingWhereTheSourceHasNotEnough() {
        PacketPool.Builder tooMuch =
                PacketPool.builder(pages).sizeClass(2048, 8).sizeClass(16384, 1 << 13);
        assertThrows(OutOfMemoryException.class, tooMuch::build);
        assertEquals(0, pages.outBytes());
    }

    @Test
    void splitsTheBudgetBetweenTwoClasses() {
        PacketPool pool = own(PacketPool.builder(pages).budgetBytes(1 << 20));
        assertEquals(1 << 20, pool.capacityBytes());
        assertEquals(1 << 20, pages.outBytes());
        PoolBuffer large = acquire(pool, pool.maxBytes());
        assertEquals(16384, large.capacity());
        large.release();
    }

    @Test
    void refusesClassesThatCannotBe() {
        PacketPool.Builder builder = PacketPool.builder(pages).sizeClass(2048, 1);
        assertThrows(IllegalArgumentException.class, () -> builder.sizeClass(2048, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.sizeClass(100, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.sizeClass(4096, 0));
        assertThrows(IllegalArgumentException.class, () -> builder.headroomBytes(-1));
        assertThrows(IllegalArgumentException.class, () -> builder.budgetBytes(1));
        assertThrows(IllegalArgumentException.class, builder.headroomBytes(2048)::build);
    }
}
