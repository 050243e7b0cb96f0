package io.uk4j.virtio.driver;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.NetDevices;

/** What a virtio network device drops. What it carries is counted by whoever uses it, for every device alike. */
final class NetCounters {
    /** Received, but shorter than an Ethernet header, or with an offload header that contradicts itself. */
    final Counter malformed;

    /** Received in more buffers than the batch has room for. */
    final Counter fragments;

    /** To be sent, but too long or too short, in too many fragments, or with an offload that was not announced. */
    final Counter unfit;

    /** To be sent from memory that the device does not know, and there were no buffers, or too many pieces, for a copy. */
    final Counter noBuffer;

    /** Given to the device, and not known to be sent when it was reset. */
    final Counter reset;

    /** To be sent, but the link is down. */
    final Counter linkDown;

    NetCounters(Counters registry, String device) {
        malformed = NetDevices.dropCounter(registry, device, "malformed");
        fragments = NetDevices.dropCounter(registry, device, "too_many_fragments");
        unfit = NetDevices.dropCounter(registry, device, "unfit");
        noBuffer = NetDevices.dropCounter(registry, device, "no_buffer");
        reset = NetDevices.dropCounter(registry, device, "device_reset");
        linkDown = NetDevices.dropCounter(registry, device, "interface_down");
    }
}
