package io.uk4j.mm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * A buffer of a {@link PacketPool}: the one object of its slot, for life. {@link PacketPool#tryAcquire} hands it out with
 * reference count 1; the last release puts it back, and from then on Netty refuses every access to it until it is
 * acquired again. What Netty cannot see is a holder who kept the reference past his release while another acquired it.
 *
 * <p>It cannot be resized: its capacity is its slot, {@link ByteBuf#copy()} gives a buffer from outside the pool.
 *
 * <p>Thread rule: loop-owned; the memory itself may be read and written by devices.
 */
public final class PoolBuffer extends UnpooledDirectByteBuf {
    private final SlotClass home;
    private final MemorySegment segment;
    private final long address;
    private final long deviceAddress;

    PoolBuffer(SlotClass home, PageArena.Piece slot) {
        super(UnpooledByteBufAllocator.DEFAULT, slot.segment().asByteBuffer(), home.slotBytes);
        this.home = home;
        this.segment = slot.segment();
        this.address = slot.segment().address();
        this.deviceAddress = slot.deviceAddress();
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

    /** Puts the slot back; the memory is the arena's and is not freed here. */
    @Override
    protected void deallocate() {
        home.put(this);
    }
}
