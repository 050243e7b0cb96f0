package io.uk4j.net.tcpip.stats;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;

/**
 * Counters of what was dropped, by reason: {@code uk_net_frames_dropped_total} and {@code uk_ip_packets_dropped_total}.
 *
 * <p>Thread rule: loop-owned.
 */
@SuppressWarnings("EnumOrdinal") // an index within one run, not a number that anybody keeps
public final class Drops {
    private final Counter[] counters = new Counter[DropReason.values().length];

    /**
     * Registers a counter for each reason.
     *
     * @param counters labelled with the device already
     */
    public Drops(Counters counters) {
        for (DropReason reason : DropReason.values()) {
            Counters labelled = counters.with("reason", reason.label());
            this.counters[reason.ordinal()] = reason.ofFrames()
                    ? labelled.counter("uk_net_frames_dropped_total", "Frames dropped, by reason.")
                    : labelled.counter("uk_ip_packets_dropped_total", "IP packets dropped, by reason.");
        }
    }

    /** Counts one. */
    public void count(DropReason reason) {
        counters[reason.ordinal()].increment();
    }

    /** How many were dropped for that reason. */
    public long value(DropReason reason) {
        return counters[reason.ordinal()].value();
    }
}
