package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.Locale;
import java.util.function.Consumer;

/** What both kinds of disk have in common: requests are made here, and waited for there. */
abstract class WaitingDisk implements Disk {
    private final BlockDeviceInfo info;

    WaitingDisk(BlockDeviceInfo info) {
        this.info = info;
    }

    /** Prepares a request by the argument, carries it out, and returns its status. */
    abstract int run(Consumer<BlockRequest> preparation);

    @Override
    public final BlockDeviceInfo info() {
        return info;
    }

    @Override
    public final void read(long offsetBytes, ByteBuf target, int index, int length) {
        transfer(Operation.READ, offsetBytes, target, index, length);
    }

    @Override
    public final void write(long offsetBytes, ByteBuf source, int index, int length) {
        transfer(Operation.WRITE, offsetBytes, source, index, length);
    }

    private void transfer(Operation operation, long offsetBytes, ByteBuf buffer, int index, int length) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("A disk reads into and writes from direct buffers only.");
        }
        if (index < 0 || length < 0 || index > buffer.capacity() - length) {
            throw new IllegalArgumentException(
                    length + " bytes at " + index + " do not lie in a buffer of " + buffer.capacity() + " bytes.");
        }
        check(
                run(request -> request.transfer(operation, offsetBytes).add(buffer, index, length)),
                operation,
                offsetBytes,
                length);
    }

    @Override
    public final void flush() {
        check(run(BlockRequest::flush), Operation.FLUSH, 0, 0);
    }

    @Override
    public final void writeZeroes(long offsetBytes, long lengthBytes) {
        range(Operation.WRITE_ZEROES, offsetBytes, lengthBytes);
    }

    @Override
    public final void discard(long offsetBytes, long lengthBytes) {
        range(Operation.DISCARD, offsetBytes, lengthBytes);
    }

    private void range(Operation operation, long offsetBytes, long lengthBytes) {
        check(run(request -> request.range(operation, offsetBytes, lengthBytes)), operation, offsetBytes, lengthBytes);
    }

    private void check(int status, Operation operation, long offsetBytes, long lengthBytes) {
        if (status == BlockRequest.OK) {
            return;
        }
        String what = operation.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        throw new DiskException(
                info.name()
                        + (status == BlockRequest.CLOSED ? " was closed during a " : " failed to do a ")
                        + what
                        + (operation == Operation.FLUSH
                                ? "."
                                : " of " + lengthBytes + " bytes at " + offsetBytes + "."),
                null,
                null);
    }
}
