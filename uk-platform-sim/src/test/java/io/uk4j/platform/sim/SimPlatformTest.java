package io.uk4j.platform.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.Pages;
import io.uk4j.core.SignalSource;
import io.uk4j.core.Waiter;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SimPlatformTest {
    private final Simulation simulation = new Simulation(8);
    private final SimPlatform platform = new SimPlatform(simulation, "host");

    @Test
    void entropyFollowsFromSeedAndHost() {
        long drawn = platform.entropy().nextLong();

        assertEquals(drawn, new SimPlatform(new Simulation(8), "host").entropy().nextLong());
        assertNotEquals(
                drawn, new SimPlatform(new Simulation(8), "other").entropy().nextLong());
        assertNotEquals(
                drawn, new SimPlatform(new Simulation(9), "host").entropy().nextLong());
        assertNotEquals(drawn, platform.entropy().nextLong());
    }

    @Test
    void theWallClockGoesOnFromTheEpoch() {
        SimPlatform other = new SimPlatform(simulation, "b", Instant.parse("2038-01-19T03:14:07Z"), 1 << 20);
        simulation.runFor(1_000);

        assertEquals(2_147_483_647_000_001_000L, other.clock().wallNs());
        assertEquals(1_000, other.clock().nowNs());
    }

    @Test
    void waitingMovesVirtualTime() {
        try (Waiter waiter = platform.newWaiter()) {
            assertFalse(waiter.await(5_000_000));
            assertEquals(5_000_000, simulation.nowNs());
        }
    }

    @Test
    void aSignalInVirtualTimeEndsTheWaitThere() {
        SignalSource source = new SignalSource();
        simulation.at(700, source::signal);
        try (Waiter waiter = platform.newWaiter()) {
            waiter.register(source);

            assertTrue(waiter.await(Duty.NO_DEADLINE));
            assertEquals(700, simulation.nowNs());
        }
    }

    @Test
    void aPendingWakeUpEndsTheWaitWithoutMovingTime() {
        try (Waiter waiter = platform.newWaiter()) {
            waiter.wakeup();

            assertTrue(waiter.await(1_000));
            assertEquals(0, simulation.nowNs());
        }
    }

    @Test
    void theConsoleKeepsWhatWasWritten() {
        platform.console().write("one\n");
        platform.console().write("two");

        assertEquals("one\ntwo", platform.console().text());
    }

    @Test
    void theOperatorAsksOnce() {
        int[] asked = {0};
        platform.console().onStopRequest(() -> asked[0] += 100);
        platform.console().onStopRequest(() -> asked[0]++);

        platform.console().requestStop();
        platform.console().requestStop();

        assertEquals(1, asked[0]);
    }

    @Test
    void memoryIsBoundedAndComesBack() {
        SimPlatform small = new SimPlatform(simulation, "small", SimPlatform.DEFAULT_EPOCH, 3 * 4096);
        Pages pages = small.pages().allocate(2 * 4096, 1);

        assertThrows(OutOfMemoryException.class, () -> small.pages().allocate(4097, 1));
        small.pages().release(pages);
        small.pages().allocate(3 * 4096, 1);
        small.close();
    }

    @Test
    void pagesCannotBeUsedAfterTheirRelease() {
        Pages pages = platform.pages().allocate(1, 1);
        platform.pages().release(pages);

        assertThrows(IllegalStateException.class, () -> pages.segment().get(ValueLayout.JAVA_BYTE, 0));
    }
}
