package io.uk4j.net.tcpip;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.testkit.TestPool;

/** Opens one end of a wire to nobody. */
public final class LonelyWireProvider implements NetDeviceProvider {
    @Override
    public String scheme() {
        return "lonely";
    }

    @Override
    public String usage() {
        return "lonely:NAME";
    }

    @Override
    public NetDevice open(DeviceContext context, String address) {
        return Wire.builder(new Simulation(1))
                .name(address)
                .build(context.pool(), new TestPool())
                .a();
    }
}
