package io.uk4j.platform.kvm;

import io.uk4j.core.WaitSource;
import io.uk4j.virtio.transport.Interrupt;

/** That of a place that is only looked at. */
enum NoInterrupt implements Interrupt, WaitSource {
    INSTANCE;

    @Override
    public WaitSource source() {
        return this;
    }

    @Override
    public long count() {
        return 0;
    }

    @Override
    public void unmask() {}
}
