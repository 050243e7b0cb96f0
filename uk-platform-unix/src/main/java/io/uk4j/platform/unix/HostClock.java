package io.uk4j.platform.unix;

import io.uk4j.core.Clock;
import java.time.Instant;

/** The JVM's own clocks. */
final class HostClock implements Clock {
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
