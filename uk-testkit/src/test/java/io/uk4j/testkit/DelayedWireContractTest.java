package io.uk4j.testkit;

class DelayedWireContractTest extends NetDeviceContract {
    @Override
    protected Fixture open() {
        return new WireFixture(3_000_000, device -> device);
    }
}
