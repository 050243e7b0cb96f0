package io.uk4j.testkit;

import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.net.pcap.PcapWriter;
import io.uk4j.net.pcap.TappedNetDevice;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.io.OutputStream;

/** A device that is captured is as good as any. */
class TappedWireContractTest extends NetDeviceContract {
    @Override
    protected Fixture open() {
        SimPlatform platform = new SimPlatform(new Simulation(2), "tap");
        PcapWriter capture = new PcapWriter(OutputStream.nullOutputStream());
        return new WireFixture(
                0, device -> new TappedNetDevice(device, platform.clock(), new MetricRegistry(), capture));
    }
}
