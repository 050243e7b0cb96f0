package io.uk4j.testkit;

import io.uk4j.core.Platform;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;

class SimPlatformContractTest extends PlatformContract {
    @Override
    protected Platform open() {
        return new SimPlatform(new Simulation(3), "host");
    }
}
