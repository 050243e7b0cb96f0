package io.uk4j.platform.kvm;

import io.uk4j.core.WaitSource;
import io.uk4j.virtio.transport.Interrupt;

/** An interrupt of the boot layer, which is its own source. */
record KvmInterrupt(BootLayer boot, int handle) implements Interrupt, WaitSource {
    @Override
    public WaitSource source() {
        return this;
    }

    @Override
    public long count() {
        return boot.count(handle);
    }

    @Override
    public void unmask() {
        boot.unmask(handle);
    }
}
