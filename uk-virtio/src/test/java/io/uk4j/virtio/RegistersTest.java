package io.uk4j.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** Mapped registers: widths, the order of bytes, bounds and alignment. That each call is one access cannot be seen from here. */
class RegistersTest {
    private static final int SIZE = 64;

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, 8);
    private final Registers registers = Registers.of(memory);

    @Test
    void everyWidthIsLittleEndianAndUnsignedBelow32Bits() {
        registers.write64(8, 0x8182_8384_8586_8788L);
        assertEquals((byte) 0x88, memory.get(ValueLayout.JAVA_BYTE, 8));
        assertEquals(0x88, registers.read8(8));
        assertEquals(0x81, registers.read8(15));
        assertEquals(0x8788, registers.read16(8));
        assertEquals(0x8182_8384, registers.read32(12));
        assertEquals(0x8182_8384_8586_8788L, registers.read64(8));
    }

    @Test
    void writesTouchTheirOwnBytesAndNoOthers() {
        memory.fill((byte) 0x55);
        registers.write8(1, 0x1ff);
        registers.write16(4, 0xabcde);
        registers.write32(12, -2);
        assertEquals(0x5555_ff55, registers.read32(0));
        assertEquals(0x5555_bcde, registers.read32(4));
        assertEquals(0x5555_5555, registers.read32(8));
        assertEquals(-2, registers.read32(12));
        assertEquals(0x5555_5555_5555_5555L, registers.read64(16));
    }

    @Test
    void whatLiesOutsideIsRefusedAndNothingIsTouched() {
        List<LongConsumer> accesses = List.of(
                registers::read8,
                registers::read16,
                registers::read32,
                registers::read64,
                at -> registers.write8(at, 1),
                at -> registers.write16(at, 1),
                at -> registers.write32(at, 1),
                at -> registers.write64(at, 1));
        for (int i = 0; i < accesses.size(); i++) {
            LongConsumer access = accesses.get(i);
            int bytes = 1 << i % 4;
            access.accept(SIZE - bytes);
            memory.fill((byte) 0);
            for (long offset : new long[] {-bytes, SIZE, SIZE - bytes + 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThrows(IndexOutOfBoundsException.class, () -> access.accept(offset), "offset " + offset);
            }
            if (bytes > 1) {
                IllegalArgumentException e =
                        assertThrows(IllegalArgumentException.class, () -> access.accept(bytes / 2));
                assertTrue(e.getMessage().contains("multiple of " + bytes), e.getMessage());
            }
            assertEquals(-1, memory.mismatch(Arena.ofAuto().allocate(SIZE)));
        }
        assertEquals(SIZE, registers.sizeBytes());
    }

    @Test
    void memoryThatCannotBeRegistersIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Registers.of(MemorySegment.ofArray(new byte[64])));
        assertThrows(IllegalArgumentException.class, () -> Registers.of(memory.asSlice(4)));
        assertThrows(IllegalArgumentException.class, () -> Registers.of(memory.asReadOnly()));
    }
}
