package io.uk4j.virtio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Registers behind a mapping. Acquire and release would not do: a read may then overtake a write before it, and registers are
 * selected by a write and read by what follows.
 *
 * <p>Writes are plain ones between fences, and not volatile: HotSpot's interpreter makes a volatile store an exchange, which locks the
 * bus, is no plain write for a device, and ends QEMU 7.2 with an assertion when several processors are emulated. A fence keeps the
 * compiler from moving, joining or dropping a store next to it.
 */
final class MemoryRegisters implements Registers {
    private static final VarHandle BYTES = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle SHORTS = littleEndian(ValueLayout.JAVA_SHORT);
    private static final VarHandle INTS = littleEndian(ValueLayout.JAVA_INT);
    private static final VarHandle LONGS = littleEndian(ValueLayout.JAVA_LONG);

    private final MemorySegment mapped;
    private final long size;

    MemoryRegisters(MemorySegment mapped) {
        if (!mapped.isNative() || mapped.isReadOnly() || mapped.address() % Long.BYTES != 0) {
            throw new IllegalArgumentException("Registers are mapped off the heap, writable and aligned to 8.");
        }
        this.mapped = mapped;
        size = mapped.byteSize();
    }

    private static VarHandle littleEndian(ValueLayout layout) {
        return layout.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    }

    private long checked(long offset, int bytes) {
        if (offset < 0 || offset > size - bytes) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at offset " + offset + " do not lie in " + size + " bytes of registers.");
        }
        if (offset % bytes != 0) {
            throw new IllegalArgumentException("Offset " + offset + " is not a multiple of " + bytes + ".");
        }
        return offset;
    }

    @Override
    public long sizeBytes() {
        return size;
    }

    @Override
    public int read8(long offset) {
        return (byte) BYTES.getVolatile(mapped, checked(offset, 1)) & 0xff;
    }

    @Override
    public int read16(long offset) {
        return (short) SHORTS.getVolatile(mapped, checked(offset, 2)) & 0xffff;
    }

    @Override
    public int read32(long offset) {
        return (int) INTS.getVolatile(mapped, checked(offset, 4));
    }

    @Override
    public long read64(long offset) {
        return (long) LONGS.getVolatile(mapped, checked(offset, 8));
    }

    @Override
    public void write8(long offset, int value) {
        VarHandle.releaseFence();
        BYTES.set(mapped, checked(offset, 1), (byte) value);
        VarHandle.fullFence();
    }

    @Override
    public void write16(long offset, int value) {
        VarHandle.releaseFence();
        SHORTS.set(mapped, checked(offset, 2), (short) value);
        VarHandle.fullFence();
    }

    @Override
    public void write32(long offset, int value) {
        VarHandle.releaseFence();
        INTS.set(mapped, checked(offset, 4), value);
        VarHandle.fullFence();
    }

    @Override
    public void write64(long offset, long value) {
        VarHandle.releaseFence();
        LONGS.set(mapped, checked(offset, 8), value);
        VarHandle.fullFence();
    }
}
