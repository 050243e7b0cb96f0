package io.uk4j.platform.sim;

import io.uk4j.core.Clock;

/** Time that moves when the simulation says so. Shared: other threads may read it. */
final class VirtualClock implements Clock {
    private volatile long nowNs;

    @Override
    public long nowNs() {
        return nowNs;
    }

    @Override
    public long wallNs() {
        return nowNs;
    }

    void moveTo(long timeNs) {
        if (timeNs < nowNs) {
            throw new IllegalArgumentException("Time does not go back from " + nowNs + " to " + timeNs + " ns.");
        }
        nowNs = timeNs;
    }
}
