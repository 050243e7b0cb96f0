package io.uk4j.sched;

import io.uk4j.core.EventLoop;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.testkit.EventLoopContract;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;

/** A loop that a simulation steps in virtual time. */
@Timeout(60)
class SteppedLoopContractTest extends EventLoopContract {
    private static final long LIMIT_NS = 10_000_000_000L;

    @Override
    protected Fixture open() {
        Simulation simulation = new Simulation(1);
        Loop loop = Loop.builder(new SimPlatform(simulation, "host")).build();
        simulation.add("loop", loop);
        return new Fixture() {
            @Override
            public EventLoop loop() {
                return loop;
            }

            @Override
            public boolean runUntil(BooleanSupplier condition) {
                return simulation.runUntil(condition, LIMIT_NS);
            }

            @Override
            public void close() {
                loop.close();
            }
        };
    }

    @Override
    protected boolean armsBeforeSleep() {
        return false;
    }
}
