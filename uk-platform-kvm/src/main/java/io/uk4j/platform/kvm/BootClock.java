package io.uk4j.platform.kvm;

import io.uk4j.core.Clock;
import java.time.Instant;

/** The JVM's own clocks, which read the processor's counter without a call. {@link #nowNs} is the boot layer's time, too. */
final class BootClock implements Clock {
    @Override
    public long nowNs() {
        return System.nanoTime();
    }

    @Override
    public long wallNs() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
