package io.uk4j.platform.unix;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;

/** What a TAP drops. What it carries is counted by whoever uses it, for every device alike. */
final class TapCounters {
    /** Received, but longer than the buffers at hand. */
    final Counter truncated;

    /** Received, but shorter than an Ethernet header, or with an offload header that contradicts itself. */
    final Counter malformed;

    /** To be sent, but too long or too short, in too many fragments, or with an offload that was not announced. */
    final Counter unfit;

    /** To be sent, but the interface is not up. */
    final Counter interfaceDown;

    /** To be sent, but the kernel had no memory for it. */
    final Counter hostMemory;

    /** To be sent, but the kernel took it for invalid. */
    final Counter refused;

    TapCounters(Counters registry, String device) {
        Counters own = registry.with("device", device);
        truncated = dropped(own, "truncated");
        malformed = dropped(own, "malformed");
        unfit = dropped(own, "unfit");
        interfaceDown = dropped(own, "interface_down");
        hostMemory = dropped(own, "host_memory");
        refused = dropped(own, "refused");
    }

    private static Counter dropped(Counters own, String reason) {
        return own.with("reason", reason).counter("uk_net_frames_dropped_total", "Frames dropped, by reason.");
    }
}
