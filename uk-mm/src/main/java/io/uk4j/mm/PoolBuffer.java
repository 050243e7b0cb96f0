package io.uk4j.mm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.lang.foreign.MemorySegment;

/**
 * A buffer of a {@link PacketPool}: the one object of its slot, for life. {@link PacketPool#tryAcquire} hands it out with
 * reference count 1; the last release puts it back, and from then on Netty refuses every access to it until it is
 * acquired again. What Netty cannot see is a holder who kept the reference past his release while another acquired it.
 *
 * <p>It cannot be resized: its capacity is its slot, {@link ByteBuf#copy()} gives a buffer from outside the pool.
 *
 * <p>References are counted without atomic operations, because one thread counts: a locked instruction waits
 * until all that was written before is in the cache, and a device that reads along makes that slow.
 *
 * <p>Thread rule: loop-owned, references of slices and duplicates included; the memory itself may be read and written by devices.
 */
public final class PoolBuffer extends UnpooledDirectByteBuf {
    private final SlotClass home;
    private final MemorySegment segment;
    private final long address;
    private final long deviceAddress;

    /** How many references there are beyond the first. Netty's own count, by which it refuses access, only says whether there is one. */
    private int further;

    PoolBuffer(SlotClass home, MemorySegment slot, long deviceAddress) {
        super(UnpooledByteBufAllocator.DEFAULT, slot.asByteBuffer(), home.slotBytes);
        this.home = home;
        this.segment = slot;
        this.address = slot.address();
        this.deviceAddress = deviceAddress;
        setRefCnt(0);
    }

    /** Makes a free slot a buffer with one owner. */
    void acquired(int headroomBytes) {
        resetRefCnt();
        setIndex(headroomBytes, headroomBytes);
        markReaderIndex();
        markWriterIndex();
    }

    /**
     * The memory of the whole slot; index 0 of the buffer is offset 0 of the segment. Access through it is not checked
     * against the reference count.
     */
    public MemorySegment segment() {
        return segment;
    }

    /** Where a device sees index 0. */
    public long deviceAddress() {
        return deviceAddress;
    }

    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    /** Where the processor sees index 0; unlike Netty's own, known without Unsafe, and not checked. */
    @Override
    public long memoryAddress() {
        return address;
    }

    /**
     * Refuses every capacity but the present one.
     *
     * @throws UnsupportedOperationException if it would change
     */
    @Override
    public ByteBuf capacity(int newCapacity) {
        if (newCapacity != capacity()) {
            throw new UnsupportedOperationException("A pool's buffer keeps its capacity of " + capacity()
                    + " bytes; it cannot have " + newCapacity + ".");
        }
        return this;
    }

    @Override
    public int refCnt() {
        return super.refCnt() == 0 ? 0 : further + 1;
    }

    @Override
    public PoolBuffer retain() {
        return retain(1);
    }

    /**
     * Adds references.
     *
     * @param increment how many, 1 or more
     * @return this
     * @throws IllegalReferenceCountException if there is none left to add to, or there would be more than an int can count
     */
    @Override
    public PoolBuffer retain(int increment) {
        checkChange(increment);
        int references = refCnt();
        if (references == 0 || references + increment < 0) {
            throw new IllegalReferenceCountException(references, increment);
        }
        further += increment;
        return this;
    }

    @Override
    public boolean release() {
        return release(1);
    }

    /**
     * Gives references back; with the last one the buffer goes back to the pool.
     *
     * @param decrement how many, 1 or more
     * @return whether it was the last one
     * @throws IllegalReferenceCountException if there are fewer
     */
    @Override
    public boolean release(int decrement) {
        checkChange(decrement);
        int left = refCnt() - decrement;
        if (left < 0) {
            throw new IllegalReferenceCountException(left + decrement, -decrement);
        }
        if (left > 0) {
            further -= decrement;
            return false;
        }
        if (further > 0) {
            further = 0;
        }
        setRefCnt(0);
        deallocate();
        return true;
    }

    private void checkChange(int count) {
        assert home.onLoop() : "references are counted outside the loop that owns the pool";
        if (count <= 0) {
            throw new IllegalArgumentException("A change by " + count + " references: it must be more than 0.");
        }
    }

    /** Puts the slot back; the memory is the arena's and is not freed here. */
    @Override
    protected void deallocate() {
        home.put(this);
    }
}
