package io.uk4j.testkit;

class WireContractTest extends NetDeviceContract {
    @Override
    protected Fixture open() {
        return new WireFixture(0, device -> device);
    }
}
