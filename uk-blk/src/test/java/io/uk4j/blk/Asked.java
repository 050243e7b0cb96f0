package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.Arrays;

/** A request that a test made, and what became of it. Its buffer is filled with one byte. */
final class Asked {
    static final int UNDER_WAY = -1;

    final ByteBuf buffer;
    int status = UNDER_WAY;
    private final BlockRequest request;

    private Asked(int sectors) {
        buffer = Unpooled.directBuffer(512 * sectors, 512 * sectors);
        request = new BlockRequest(1, (_, newStatus) -> {
            assertTrue(status == UNDER_WAY, "completed twice");
            status = newStatus;
        });
    }

    static Asked read(BlockDevice device, long sector, int sectors) {
        return transfer(device, Operation.READ, sector, sectors, 0);
    }

    static Asked write(BlockDevice device, long sector, int sectors, int fill) {
        return transfer(device, Operation.WRITE, sector, sectors, fill);
    }

    private static Asked transfer(BlockDevice device, Operation operation, long sector, int sectors, int fill) {
        Asked asked = new Asked(sectors);
        byte[] bytes = new byte[512 * sectors];
        Arrays.fill(bytes, (byte) fill);
        asked.buffer.setBytes(0, bytes);
        asked.request.transfer(operation, sector * 512).add(asked.buffer, 0, 512 * sectors);
        assertTrue(device.submit(asked.request), "refused");
        return asked;
    }

    static Asked flush(BlockDevice device) {
        Asked asked = new Asked(1);
        assertTrue(device.submit(asked.request.flush()), "refused");
        return asked;
    }

    static Asked range(BlockDevice device, Operation operation, long sector, int sectors) {
        Asked asked = new Asked(1);
        assertTrue(device.submit(asked.request.range(operation, sector * 512, 512L * sectors)), "refused");
        return asked;
    }

    boolean isDone() {
        return status != UNDER_WAY;
    }

    /** Whether every byte of a sector of what was read is this. */
    boolean holds(int sector, int fill) {
        for (int i = 0; i < 512; i++) {
            if (buffer.getByte(512 * sector + i) != (byte) fill) {
                return false;
            }
        }
        return true;
    }
}
