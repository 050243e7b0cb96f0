package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How long a loop polls without work, as its idle spells teach it. */
class SpinTest {
    private static final long LIMIT_NS = 50_000;

    private final Spin spin = new Spin(LIMIT_NS);

    @Test
    void startsWithoutSpinning() {
        assertEquals(0, spin.lengthNs());
    }

    @Test
    void growsUpToTheLimitWhileSleepsAreShort() {
        spin.slept(30_000);
        assertEquals(Spin.SHORTEST_NS, spin.lengthNs());
        spin.slept(30_000);
        assertEquals(2 * Spin.SHORTEST_NS, spin.lengthNs());
        for (int i = 0; i < 10; i++) {
            spin.slept(LIMIT_NS);
        }
        assertEquals(LIMIT_NS, spin.lengthNs());
    }

    @Test
    void ceasesWhereWorkComesSeldom() {
        for (int i = 0; i < 10; i++) {
            spin.slept(20_000);
        }
        int sleeps = 0;
        while (spin.lengthNs() > 0) {
            spin.slept(LIMIT_NS + 1);
            sleeps++;
        }
        assertTrue(sleeps <= 3, () -> "still spinning after three long sleeps");
    }

    @Test
    void neverSpinsWhereTheLimitIsNone() {
        Spin none = new Spin(0);
        none.slept(1);
        assertEquals(0, none.lengthNs());
    }

    @Test
    void aLimitBelowTheShortestSpinIsKept() {
        Spin brief = new Spin(5_000);
        brief.slept(1_000);
        assertEquals(5_000, brief.lengthNs());
        brief.slept(1_000_000);
        assertEquals(0, brief.lengthNs());
    }
}
