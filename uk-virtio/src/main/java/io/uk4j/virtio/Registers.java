package io.uk4j.virtio;

import java.lang.foreign.MemorySegment;

/**
 * A range of a device's registers: one BAR, the configuration space of a PCI function, or the window of an MMIO device. Values are
 * little-endian in the device (VIRTIO 1.3, sections 4.1.3 and 4.2.2), whatever the processor is.
 *
 * <p>Each call is one access of exactly that width. Accesses take place in the order of the calls, and after all that this thread
 * wrote to memory before; what it reads from memory afterwards is at least as new as what the access read. A register of a device
 * that is not there reads as ones.
 *
 * <p>Every access throws an {@link IndexOutOfBoundsException} if it does not lie in the range, and an {@link
 * IllegalArgumentException} if its offset is not a multiple of its width; then the device was not touched. Users check what a
 * device says of itself before they come here, so either is a mistake of code.
 *
 * <p>Thread rule: as its user, who is one loop at a time. An access does not block, but may cost an exit to the hypervisor.
 */
public interface Registers {
    /** How many bytes of registers there are. */
    long sizeBytes();

    /** Reads 8 bits, unsigned. */
    int read8(long offset);

    /** Reads 16 bits, unsigned. */
    int read16(long offset);

    /** Reads 32 bits, of which the highest is the sign. */
    int read32(long offset);

    /** Reads 64 bits, where the device and the bus can do that at once. */
    long read64(long offset);

    /** Writes the low 8 bits. */
    void write8(long offset, int value);

    /** Writes the low 16 bits. */
    void write16(long offset, int value);

    /** Writes 32 bits. */
    void write32(long offset, int value);

    /** Writes 64 bits, where the device and the bus can do that at once. */
    void write64(long offset, long value);

    /**
     * Registers that the platform has mapped. The order is that of volatile accesses, which is enough where mapped registers are
     * not cached and the processor keeps stores in order (x86-64); on others the platform implements this contract itself.
     *
     * @param mapped the mapping, off the heap and aligned to 8, for as long as the registers are used
     * @throws IllegalArgumentException if it is on the heap, read-only or not aligned
     */
    static Registers of(MemorySegment mapped) {
        return new MemoryRegisters(mapped);
    }
}
