package io.uk4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockRequestTest {
    private final List<String> completions = new ArrayList<>();
    private final BlockRequest request = new BlockRequest(
            2,
            (done, status) -> completions.add(
                    done.operation() + " " + done.offsetBytes() + "+" + done.lengthBytes() + ": " + status));
    private final ByteBuf buffer = Unpooled.buffer(8192);

    @Test
    void isAsLongAsItsFragments() {
        request.transfer(Operation.READ, 4096).add(buffer, 512, 1024).add(buffer, 2048, 3072);
        assertEquals(2, request.fragments());
        assertEquals(4096, request.lengthBytes());
        assertSame(buffer, request.buffer(1));
        assertEquals(2048, request.offset(1));
        assertEquals(3072, request.length(1));
        assertEquals(1, buffer.refCnt(), "the reference stays with the caller");
        request.complete(BlockRequest.OK);
        assertEquals(List.of("READ 4096+4096: 0"), completions);
    }

    @Test
    void isPreparedAnewAfterEachUse() {
        request.transfer(Operation.WRITE, 0).add(buffer, 0, 512);
        request.complete(BlockRequest.IO_ERROR);
        request.range(Operation.DISCARD, 512, 1L << 40);
        request.complete(BlockRequest.OK);
        request.flush();
        request.complete(BlockRequest.CLOSED);
        assertEquals(0, request.fragments());
        assertEquals(List.of("WRITE 0+512: 1", "DISCARD 512+1099511627776: 0", "FLUSH 0+0: 2"), completions);
    }

    @Test
    void refusesOperationsThatDoNotFit() {
        for (Operation operation : EnumSet.allOf(Operation.class)) {
            if (operation == Operation.READ || operation == Operation.WRITE) {
                assertThrows(IllegalArgumentException.class, () -> request.range(operation, 0, 512));
            } else {
                assertThrows(IllegalArgumentException.class, () -> request.transfer(operation, 0));
            }
            if (operation != Operation.DISCARD && operation != Operation.WRITE_ZEROES) {
                assertThrows(IllegalArgumentException.class, () -> request.range(operation, 0, 512));
            }
        }
    }

    @Test
    void refusesDataWhereNoneIsTransferred() {
        assertThrows(IllegalStateException.class, () -> request.flush().add(buffer, 0, 512));
        assertThrows(
                IllegalStateException.class,
                () -> request.range(Operation.WRITE_ZEROES, 0, 512).add(buffer, 0, 512));
        assertEquals(512, request.lengthBytes());
    }

    @Test
    void refusesFragmentsBeyondItsLimitAndBadRanges() {
        request.transfer(Operation.READ, 0);
        assertThrows(IllegalArgumentException.class, () -> request.add(buffer, -1, 512));
        assertThrows(IllegalArgumentException.class, () -> request.add(buffer, 0, 0));
        request.add(buffer, 0, 512).add(buffer, 0, 512);
        assertThrows(IllegalStateException.class, () -> request.add(buffer, 0, 512));
        assertThrows(IndexOutOfBoundsException.class, () -> request.buffer(2));
        assertThrows(IndexOutOfBoundsException.class, () -> request.length(-1));
        request.transfer(Operation.READ, 0);
        assertThrows(IndexOutOfBoundsException.class, () -> request.buffer(0));
        assertThrows(IllegalArgumentException.class, () -> new BlockRequest(0, (done, status) -> {}));
    }
}
