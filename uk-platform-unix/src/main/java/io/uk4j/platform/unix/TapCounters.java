package io.uk4j.platform.unix;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.NetDevices;

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
        truncated = NetDevices.dropCounter(registry, device, "truncated");
        malformed = NetDevices.dropCounter(registry, device, "malformed");
        unfit = NetDevices.dropCounter(registry, device, "unfit");
        interfaceDown = NetDevices.dropCounter(registry, device, "interface_down");
        hostMemory = NetDevices.dropCounter(registry, device, "host_memory");
        refused = NetDevices.dropCounter(registry, device, "refused");
    }
}
