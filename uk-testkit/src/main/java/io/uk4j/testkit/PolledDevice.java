package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.function.BooleanSupplier;

/** Drives a device by polling it, on one thread. */
final class PolledDevice {
    private static final int PATIENCE = 100_000;
    private static final int BATCH = 16;

    private final BlockDevice device;
    private final Runnable idle;

    PolledDevice(BlockDevice device, Runnable idle) {
        this.device = device;
        this.idle = idle;
    }

    /** Polls until something holds. */
    void until(BooleanSupplier condition, String what) {
        for (int round = 0; !condition.getAsBoolean(); round++) {
            if (round == PATIENCE) {
                throw new AssertionError(what + " did not come in " + PATIENCE + " polls");
            }
            if (device.poll(BATCH) == 0) {
                idle.run();
            }
        }
    }

    void submit(BlockRequest request) {
        until(() -> device.submit(request), "room for a request");
    }

    /** Everything that the device holds. */
    byte[] readAll() {
        int bytes = Math.toIntExact(device.info().capacityBytes());
        int piece = 16 * device.info().sectorBytes();
        byte[] all = new byte[bytes];
        ByteBuf buffer = Unpooled.directBuffer(piece, piece);
        int[] status = {-1};
        BlockRequest request = new BlockRequest(1, (_, newStatus) -> status[0] = newStatus);
        try {
            for (int at = 0; at < bytes; at += piece) {
                int length = Math.min(piece, bytes - at);
                status[0] = -1;
                submit(request.transfer(Operation.READ, at).add(buffer, 0, length));
                until(() -> status[0] >= 0, "a read");
                if (status[0] != BlockRequest.OK) {
                    throw new AssertionError("a read of " + length + " bytes at " + at + " failed");
                }
                buffer.getBytes(0, all, at, length);
            }
        } finally {
            buffer.release();
        }
        return all;
    }
}
