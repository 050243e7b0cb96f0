package io.uk4j.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.core.Waiter;
import org.junit.jupiter.api.Test;

/** The loop that owns a pool; test JVMs run with assertions enabled. */
class PacketPoolOwnerTest {
    private final TestPages pages = new TestPages(1 << 20);
    private final PresenceLoop loop = new PresenceLoop();

    /** A loop that only knows whether the caller is on it. */
    private static final class PresenceLoop implements EventLoop {
        boolean present;

        @Override
        public boolean inLoop() {
            return present;
        }

        @Override
        public Clock clock() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void add(Duty duty) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove(Duty duty) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Waiter waiter() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Timer newTimer(Runnable action) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean tryExecute(Runnable task) {
            throw new UnsupportedOperationException();
        }
    }

    private PacketPool build() {
        return PacketPool.builder(pages).sizeClass(2048, 1).owner(loop).build();
    }

    @Test
    void isBuiltAndClosedElsewhereButUsedOnTheLoop() {
        PacketPool pool = build();
        assertThrows(AssertionError.class, () -> pool.tryAcquire(100));
        loop.present = true;
        PoolBuffer buffer = pool.tryAcquire(100);
        assertNotNull(buffer);
        assertTrue(buffer.release());
        loop.present = false;
        pool.close();
        assertEquals(0, pages.outBytes());
    }

    @Test
    void referencesAreNotCountedElsewhere() {
        PacketPool pool = build();
        loop.present = true;
        PoolBuffer buffer = pool.tryAcquire(100);
        assertNotNull(buffer);
        buffer.retain();
        loop.present = false;

        assertThrows(AssertionError.class, buffer::retain);
        assertThrows(AssertionError.class, buffer::release);
        assertEquals(2, buffer.refCnt());
        assertEquals(1, pool.inUse());
    }
}
