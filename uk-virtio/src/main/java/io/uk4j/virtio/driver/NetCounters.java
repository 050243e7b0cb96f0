package io.uk4j.virtio.driver;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;

/** What a virtio network device drops. What it carries is counted by whoever uses it, for every device alike. */
final class NetCounters {
    /** Received, but shorter than an Ethernet header, or with an offload header that contradicts itself. */
    final Counter malformed;

    /** Received in more buffers than the batch has room for. */
    final Counter fragments;

    /** To be sent, but too long or too short, in too many fragments, or with an offload that was not announced. */
    final Counter unfit;

    /** To be sent from memory that the device does not know, and the pool had no buffer to copy it into. */
    final Counter noBuffer;

    /** Given to the device, and not known to be sent when it was reset. */
    final Counter reset;

    /** To be sent, but the link is down. */
    final Counter linkDown;

    NetCounters(Counters registry, String device) {
        Counters own = registry.with("device", device);
        malformed = dropped(own, "malformed");
        fragments = dropped(own, "too_many_fragments");
        unfit = dropped(own, "unfit");
        noBuffer = dropped(own, "no_buffer");
        reset = dropped(own, "device_reset");
        linkDown = dropped(own, "interface_down");
    }

    private static Counter dropped(Counters own, String reason) {
        return own.with("reason", reason).counter("uk_net_frames_dropped_total", "Frames dropped, by reason.");
    }
}
