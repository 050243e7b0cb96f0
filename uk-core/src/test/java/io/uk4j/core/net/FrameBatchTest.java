package io.uk4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class FrameBatchTest {
    private final FrameBatch batch = new FrameBatch(2, 3);
    private final ByteBuf buffer = Unpooled.buffer(64);

    private void appendFrame(int fragments) {
        for (int i = 0; i < fragments; i++) {
            batch.append(buffer.retain(), i, 10 + i);
        }
        batch.endFrame();
    }

    @Test
    void showsAFrameOnlyWhenItIsEnded() {
        batch.append(buffer.retain(), 1, 2);
        assertTrue(batch.isEmpty());
        assertThrows(IndexOutOfBoundsException.class, () -> batch.fragments(0));
        batch.endFrame();
        assertFalse(batch.isEmpty());
        assertEquals(1, batch.frames());
        assertSame(buffer, batch.buffer(0, 0));
    }

    @Test
    void keepsWhatTheVirtioHeaderCarriesWithItsFrame() {
        appendFrame(1);
        batch.append(buffer.retain(), 0, 60_000);
        batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_TCPV4 | FrameBatch.GSO_ECN, 65_535, 54, 34, 16);
        batch.endFrame();
        batch.releaseFirst(1);
        assertEquals(60_000, batch.frameBytes(0));
        assertEquals(FrameBatch.NEEDS_CHECKSUM, batch.flags(0));
        assertEquals(FrameBatch.GSO_TCPV4 | FrameBatch.GSO_ECN, batch.gsoType(0));
        assertEquals(65_535, batch.gsoSize(0));
        assertEquals(54, batch.headerLength(0));
        assertEquals(34, batch.checksumStart(0));
        assertEquals(16, batch.checksumOffset(0));
        batch.releaseFirst(1);
        appendFrame(1);
        assertEquals(0, batch.flags(0) + batch.gsoType(0) + batch.gsoSize(0) + batch.headerLength(0));
    }

    @Test
    void refusesFragmentsBeyondEitherLimit() {
        appendFrame(1);
        batch.append(buffer.retain(), 0, 1);
        batch.append(buffer.retain(), 0, 1);
        assertEquals(0, batch.fragmentSpace());
        assertThrows(IllegalStateException.class, () -> batch.append(buffer, 0, 1));
        batch.abandonFrame();
        appendFrame(1);
        assertEquals(0, batch.frameSpace());
        assertEquals(0, batch.fragmentSpace(), "no frame is left for the third fragment");
        assertThrows(IllegalStateException.class, () -> batch.append(buffer, 0, 1));
        batch.clear();
        assertEquals(1, buffer.refCnt());
        assertEquals(3, batch.fragmentSpace());
    }

    @Test
    void refusesNegativeRangesAndKeepsNoReference() {
        assertThrows(IllegalArgumentException.class, () -> batch.append(buffer, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> batch.append(buffer, 0, -1));
        batch.clear();
        assertEquals(1, buffer.refCnt());
    }

    @Test
    void refusesToEndOrOffloadAFrameWithoutFragments() {
        assertThrows(IllegalStateException.class, batch::endFrame);
        assertThrows(IllegalStateException.class, () -> batch.offload(1, 0, 0, 0, 0, 0));
        appendFrame(1);
        appendFrame(1);
        assertThrows(IllegalStateException.class, batch::endFrame);
        assertThrows(IllegalStateException.class, () -> batch.offload(1, 0, 0, 0, 0, 0));
        batch.clear();
    }

    @Test
    void doesNotReachIntoTheNextFrame() {
        appendFrame(1);
        appendFrame(2);
        for (int[] wrong : new int[][] {{0, 1}, {0, -1}, {1, 2}, {2, 0}, {-1, 0}}) {
            int frame = wrong[0];
            int fragment = wrong[1];
            assertThrows(IndexOutOfBoundsException.class, () -> batch.buffer(frame, fragment));
            assertThrows(IndexOutOfBoundsException.class, () -> batch.offset(frame, fragment));
            assertThrows(IndexOutOfBoundsException.class, () -> batch.length(frame, fragment));
            assertThrows(IndexOutOfBoundsException.class, () -> batch.take(frame, fragment));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> batch.frameBytes(2));
        batch.clear();
    }

    @Test
    void refusesToRemoveMoreFramesThanThereAre() {
        appendFrame(1);
        for (int count : new int[] {-1, 2}) {
            assertThrows(IllegalArgumentException.class, () -> batch.dropFirst(count));
            assertThrows(IllegalArgumentException.class, () -> batch.releaseFirst(count));
        }
        batch.clear();
        assertEquals(1, buffer.refCnt());
    }

    @Test
    void keepsItsFramesWhenAReleaseFails() {
        ByteBuf freed = Unpooled.buffer(1);
        batch.append(freed, 0, 1);
        batch.endFrame();
        appendFrame(1);
        freed.release();
        assertThrows(RuntimeException.class, () -> batch.releaseFirst(1));
        assertEquals(2, batch.frames());
        batch.clear();
        assertEquals(1, buffer.refCnt());
    }

    @Test
    void refusesLimitsOutOfRange() {
        for (int[] wrong : new int[][] {{0, 1}, {1025, 2000}, {2, 1}, {1, 65_537}}) {
            assertThrows(IllegalArgumentException.class, () -> new FrameBatch(wrong[0], wrong[1]));
        }
        assertEquals(32, new FrameBatch().frameSpace());
        assertEquals(256, new FrameBatch().fragmentSpace());
    }
}
