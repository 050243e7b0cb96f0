package io.uk4j.platform.kvm;

import io.uk4j.core.WaitSource;
import io.uk4j.virtio.transport.Interrupt;
import org.jspecify.annotations.Nullable;

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

    /** Written out: what the compiler makes for a record is linked when it is first used, which a cold JVM feels. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KvmInterrupt interrupt && interrupt.handle == handle && interrupt.boot.equals(boot);
    }

    @Override
    public int hashCode() {
        return handle;
    }
}
