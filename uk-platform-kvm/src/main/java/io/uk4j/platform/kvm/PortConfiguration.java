package io.uk4j.platform.kvm;

import io.uk4j.virtio.Registers;
import java.util.Objects;

/**
 * The first 256 bytes of a function's configuration space, by the two ports of the PC (PCI Local Bus 3.0, section 3.2.2.3.2): one says
 * which register, the other is it. All functions share them, so accesses take turns.
 */
final class PortConfiguration implements Registers {
    private static final int ADDRESS = 0xcf8;
    private static final int DATA = 0xcfc;
    private static final int ENABLE = 1 << 31;
    private static final int BYTES = 256;

    private final BootLayer boot;
    private final int function;

    /**
     * Creates it.
     *
     * @param boot also the lock, which all functions share
     * @param function bus, device and function, as 8, 5 and 3 bits
     */
    PortConfiguration(BootLayer boot, int function) {
        this.boot = boot;
        this.function = function;
    }

    private int select(long offset, int width) {
        Objects.checkFromIndexSize(offset, width, BYTES);
        if (offset % width != 0) {
            throw new IllegalArgumentException("Offset " + offset + " is not a multiple of " + width + '.');
        }
        boot.writePort(ADDRESS, 4, ENABLE | (function << 8) | ((int) offset & ~3));
        return DATA + (int) offset % 4;
    }

    private int read(long offset, int width) {
        synchronized (boot) {
            return boot.readPort(select(offset, width), width);
        }
    }

    private void write(long offset, int width, int value) {
        synchronized (boot) {
            boot.writePort(select(offset, width), width, value);
        }
    }

    @Override
    public long sizeBytes() {
        return BYTES;
    }

    @Override
    public int read8(long offset) {
        return read(offset, 1);
    }

    @Override
    public int read16(long offset) {
        return read(offset, 2);
    }

    @Override
    public int read32(long offset) {
        return read(offset, 4);
    }

    /** Configuration space has no accesses of 64 bits. */
    @Override
    public long read64(long offset) {
        throw new UnsupportedOperationException("Configuration space is read by at most 32 bits.");
    }

    @Override
    public void write8(long offset, int value) {
        write(offset, 1, value & 0xff);
    }

    @Override
    public void write16(long offset, int value) {
        write(offset, 2, value & 0xffff);
    }

    @Override
    public void write32(long offset, int value) {
        write(offset, 4, value);
    }

    /** Configuration space has no accesses of 64 bits. */
    @Override
    public void write64(long offset, long value) {
        throw new UnsupportedOperationException("Configuration space is written by at most 32 bits.");
    }
}
