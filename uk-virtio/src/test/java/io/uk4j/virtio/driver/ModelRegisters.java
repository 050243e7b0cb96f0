package io.uk4j.virtio.driver;

import io.uk4j.virtio.Registers;

/** Registers of a model, which says for each width what it does; what it does not say no driver may do. */
abstract class ModelRegisters implements Registers {
    private final RegisterModel model;
    private final long size;

    ModelRegisters(RegisterModel model, long size) {
        this.model = model;
        this.size = size;
    }

    abstract long read(int offset, int bytes);

    abstract void write(int offset, int bytes, long value);

    AssertionError never(String what, int offset, int bytes) {
        return new AssertionError(what + " of " + bytes + " bytes at 0x" + Integer.toHexString(offset));
    }

    private int checked(long offset, int bytes) {
        if (offset < 0 || offset + bytes > size || offset % bytes != 0) {
            throw new AssertionError("An access of " + bytes + " bytes at " + offset + " of " + size + ".");
        }
        return (int) offset;
    }

    private long reading(long offset, int bytes) {
        int at = checked(offset, bytes);
        try {
            return model.isGone() ? -1 : read(at, bytes);
        } catch (AssertionError | IndexOutOfBoundsException e) {
            if (model.forgiving) {
                return 0;
            }
            throw e;
        }
    }

    private void writing(long offset, int bytes, long value) {
        int at = checked(offset, bytes);
        if (model.isGone()) {
            return;
        }
        try {
            write(at, bytes, value);
        } catch (AssertionError | IndexOutOfBoundsException e) {
            if (!model.forgiving) {
                throw e;
            }
        }
    }

    @Override
    public long sizeBytes() {
        return size;
    }

    @Override
    public int read8(long offset) {
        return (int) reading(offset, 1) & 0xff;
    }

    @Override
    public int read16(long offset) {
        return (int) reading(offset, 2) & 0xffff;
    }

    @Override
    public int read32(long offset) {
        return (int) reading(offset, 4);
    }

    @Override
    public long read64(long offset) {
        throw new AssertionError("No register of virtio is read with 64 bits.");
    }

    @Override
    public void write8(long offset, int value) {
        writing(offset, 1, value & 0xff);
    }

    @Override
    public void write16(long offset, int value) {
        writing(offset, 2, value & 0xffff);
    }

    @Override
    public void write32(long offset, int value) {
        writing(offset, 4, value & 0xffff_ffffL);
    }

    @Override
    public void write64(long offset, long value) {
        throw new AssertionError("No register of virtio is written with 64 bits.");
    }
}
