package io.uk4j.virtio.transport;

import io.uk4j.virtio.Registers;

/**
 * A part of a range of registers, such as a structure in a BAR. Offsets are the transport's own or were checked by it; the
 * registers check them once more.
 *
 * @param start where it begins in the registers
 * @param sizeBytes how long it is; it lies in the registers
 */
record Window(Registers registers, long start, long sizeBytes) {
    int read8(long offset) {
        return registers.read8(start + offset);
    }

    int read16(long offset) {
        return registers.read16(start + offset);
    }

    int read32(long offset) {
        return registers.read32(start + offset);
    }

    void write8(long offset, int value) {
        registers.write8(start + offset, value);
    }

    void write16(long offset, int value) {
        registers.write16(start + offset, value);
    }

    void write32(long offset, int value) {
        registers.write32(start + offset, value);
    }

    /** Writes 64 bits as two halves, the lower one first, as all virtio devices allow for. */
    void writeHalves(long offset, long value) {
        write32(offset, (int) value);
        write32(offset + 4, (int) (value >>> 32));
    }

    boolean has(long offset, int bytes) {
        return offset >= 0 && offset <= sizeBytes - bytes;
    }

    /** Whether a range of the same registers shares a byte with this one. */
    boolean overlaps(Registers others, long from, long bytes) {
        return others.equals(registers) && from < start + sizeBytes && start < from + bytes;
    }

    /**
     * Reads a field, with accesses as wide as it is, and two of 32 bits for 64 (VIRTIO 1.3, sections 4.1.3.1 and 4.2.2.2).
     *
     * @param bytes 1, 2, 4 or 8
     */
    long field(int offset, int bytes) {
        return switch (bytes) {
            case 1 -> read8(offset);
            case 2 -> read16(offset);
            case 4 -> Integer.toUnsignedLong(read32(offset));
            case 8 -> Integer.toUnsignedLong(read32(offset)) | (long) read32(offset + 4L) << 32;
            default -> throw new IllegalArgumentException("A field has 1, 2, 4 or 8 bytes, not " + bytes + ".");
        };
    }

    /** Writes a field in the same way. */
    void field(int offset, int bytes, long value) {
        switch (bytes) {
            case 1 -> write8(offset, (int) value);
            case 2 -> write16(offset, (int) value);
            case 4 -> write32(offset, (int) value);
            case 8 -> writeHalves(offset, value);
            default -> throw new IllegalArgumentException("A field has 1, 2, 4 or 8 bytes, not " + bytes + ".");
        }
    }
}
