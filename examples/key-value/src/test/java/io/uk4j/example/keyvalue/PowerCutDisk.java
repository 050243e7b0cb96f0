package io.uk4j.example.keyvalue;

import io.netty.buffer.ByteBuf;
import io.uk4j.blk.Disk;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import java.util.Arrays;
import java.util.Random;

/** A disk whose power can be cut: of what was written since the last flush, any sectors are there afterwards. */
final class PowerCutDisk implements Disk {
    static final int SECTOR = 512;

    private byte[] seen;
    private final byte[] durable;

    /** How many writes and flushes there may still be before the power goes. */
    int left = Integer.MAX_VALUE;

    /** The power is gone. */
    static final class PowerCut extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    PowerCutDisk(int sectors) {
        durable = new byte[sectors * SECTOR];
        seen = durable.clone();
    }

    /** What the disk is found with when the power is back. */
    void restart(Random random) {
        for (int at = 0; at < durable.length; at += SECTOR) {
            if (random.nextBoolean()) {
                System.arraycopy(seen, at, durable, at, SECTOR);
            }
        }
        seen = durable.clone();
        left = Integer.MAX_VALUE;
    }

    /** A byte as it is now, for damage. */
    void flip(int at) {
        seen[at] ^= 1;
        durable[at] ^= 1;
    }

    private void step() {
        if (left-- <= 0) {
            throw new PowerCut();
        }
    }

    @Override
    public BlockDeviceInfo info() {
        return new BlockDeviceInfo("disk", SECTOR, durable.length / SECTOR, false, 1, 1, false);
    }

    @Override
    public void read(long offsetBytes, ByteBuf target, int index, int length) {
        target.setBytes(index, Arrays.copyOfRange(seen, (int) offsetBytes, (int) offsetBytes + length));
    }

    @Override
    public void write(long offsetBytes, ByteBuf source, int index, int length) {
        source.getBytes(index, seen, (int) offsetBytes, length);
        step();
    }

    @Override
    public void flush() {
        step();
        System.arraycopy(seen, 0, durable, 0, seen.length);
    }

    @Override
    public void writeZeroes(long offsetBytes, long lengthBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void discard(long offsetBytes, long lengthBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public BlockDevice detach() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
