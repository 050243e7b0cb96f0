package io.uk4j.platform.unix;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;

/** What a TAP counts. */
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

    private final Counter framesReceived;
    private final Counter bytesReceived;
    private final Counter framesSent;
    private final Counter bytesSent;

    TapCounters(Counters registry, String device) {
        Counters own = registry.with("device", device);
        framesReceived = own.counter("uk_net_frames_received_total", "Frames received.");
        bytesReceived = own.counter("uk_net_bytes_received_total", "Bytes of frames received.");
        framesSent = own.counter("uk_net_frames_sent_total", "Frames sent.");
        bytesSent = own.counter("uk_net_bytes_sent_total", "Bytes of frames sent.");
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

    void received(int bytes) {
        framesReceived.increment();
        bytesReceived.add(bytes);
    }

    void sent(int bytes) {
        framesSent.increment();
        bytesSent.add(bytes);
    }
}
