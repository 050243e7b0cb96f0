package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import io.uk4j.virtio.Registers;
import java.util.Objects;

/** Registers in the port space of x86. Ports that the boot layer keeps for itself are a {@link DeviceException}, which names the device. */
final class PortRegisters implements Registers {
    private final BootLayer boot;
    private final String name;
    private final int port;
    private final int count;

    PortRegisters(BootLayer boot, String name, int port, int count) {
        this.boot = boot;
        this.name = name;
        this.port = port;
        this.count = count;
    }

    private int at(long offset, int width) {
        Objects.checkFromIndexSize(offset, width, count);
        if (offset % width != 0) {
            throw new IllegalArgumentException("Offset " + offset + " is not a multiple of " + width + '.');
        }
        return port + (int) offset;
    }

    private int read(long offset, int width) {
        int at = at(offset, width);
        try {
            return boot.readPort(at, width);
        } catch (PlatformException e) {
            throw new DeviceException(name + ": " + e.getMessage(), null, null, e);
        }
    }

    private void write(long offset, int width, int value) {
        int at = at(offset, width);
        try {
            boot.writePort(at, width, value);
        } catch (PlatformException e) {
            throw new DeviceException(name + ": " + e.getMessage(), null, null, e);
        }
    }

    @Override
    public long sizeBytes() {
        return count;
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

    /** In two accesses: ports have at most 32 bits. */
    @Override
    public long read64(long offset) {
        at(offset, 8);
        return Integer.toUnsignedLong(read32(offset)) | ((long) read32(offset + 4) << 32);
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

    @Override
    public void write64(long offset, long value) {
        at(offset, 8);
        write32(offset, (int) value);
        write32(offset + 4, (int) (value >>> 32));
    }
}
