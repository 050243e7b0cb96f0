package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.OutOfMemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageArenaTest {
    private final TestPages pages = new TestPages(1 << 20);
    private final PageArena arena = new PageArena(pages, 16 << 10, 512 << 10);

    @AfterEach
    void allMemoryIsHome() {
        arena.close();
        arena.close();
        assertEquals(0, pages.outBytes());
    }

    @Test
    void piecesAreAlignedAndDoNotOverlap() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            List<PageArena.Piece> pieces = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                long alignment = 1L << random.nextInt(13);
                PageArena.Piece piece = arena.allocate(random.nextLong(1, 5_000), alignment);
                assertEquals(0, piece.segment().address() % alignment, "seed " + seed);
                assertEquals(
                        piece.segment().address() + TestPages.DEVICE_OFFSET, piece.deviceAddress(), "seed " + seed);
                pieces.add(piece);
            }
            pieces.sort((a, b) -> Long.compare(a.deviceAddress(), b.deviceAddress()));
            for (int i = 1; i < pieces.size(); i++) {
                PageArena.Piece before = pieces.get(i - 1);
                assertTrue(
                        before.deviceAddress() + before.segment().byteSize()
                                <= pieces.get(i).deviceAddress(),
                        "seed " + seed);
            }
            arena.reset();
        }
    }

    @Test
    void aResetHandsOutTheSameMemoryWithoutTakingMore() {
        long first = arena.allocate(10_000, 1).deviceAddress();
        arena.allocate(10_000, 1);
        long taken = arena.takenBytes();
        arena.reset();

        assertEquals(first, arena.allocate(10_000, 1).deviceAddress());
        arena.allocate(10_000, 1);
        assertEquals(taken, arena.takenBytes());
    }

    @Test
    void aPieceLargerThanAChunkGetsOneOfItsOwn() {
        PageArena.Piece small = arena.allocate(8, 8);
        PageArena.Piece large = arena.allocate(100_000, 8192);

        assertNotSame(small.pages(), large.pages());
        assertEquals(0, large.segment().address() % 8192);
        assertEquals(large.pages().segment().address(), large.segment().address());
    }

    @Test
    void keepsItsLimitAndGoesOnAfterARefusal() {
        PageArena.Piece first = arena.allocate(8, 1);
        assertThrows(OutOfMemoryException.class, () -> arena.allocate(500 << 10, 1));
        assertEquals(first.deviceAddress() + 8, arena.allocate(8, 1).deviceAddress());
    }

    @Test
    void passesOnThatTheSourceHasNoMore() {
        try (PageArena wide = new PageArena(pages)) {
            assertThrows(OutOfMemoryException.class, () -> wide.allocate(1, 1));
            assertEquals(0, wide.takenBytes());
        }
    }

    @Test
    void refusesArgumentsOutOfRangeAndUseAfterClose() {
        assertThrows(IllegalArgumentException.class, () -> arena.allocate(0, 1));
        assertThrows(IllegalArgumentException.class, () -> arena.allocate(1, 3));
        assertThrows(IllegalArgumentException.class, () -> arena.allocate(1, 0));
        assertThrows(IllegalArgumentException.class, () -> new PageArena(pages, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new PageArena(pages, 1, 0));
        arena.close();
        assertThrows(IllegalStateException.class, () -> arena.allocate(1, 1));
    }
}
