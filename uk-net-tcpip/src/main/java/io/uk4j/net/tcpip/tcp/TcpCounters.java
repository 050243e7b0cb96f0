package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.EnumMap;
import java.util.Objects;

/** What TCP counts. */
final class TcpCounters {
    final Counter segmentsReceived;
    final Counter segmentsSent;
    final Counter bytesReceived;
    final Counter bytesSent;
    final Counter opened;
    final Counter accepted;
    final Counter closed;
    final Counter handshakesFailed;
    final Counter resetsReceived;
    final Counter resetsSent;
    final Counter repliesDropped;
    final Counter challengeAcks;
    final Counter acksLimited;
    final Counter retransmissions;
    final Counter timeouts;
    final Counter fastRecoveries;
    final Counter duplicateAcks;
    final Counter outOfOrder;
    final Counter reneged;
    final Counter persistProbes;
    final Counter keepAliveProbes;
    final Counter connectionsTimedOut;
    final Counter noBuffer;
    final Counter timeWaitEvicted;
    final Counter timeWaitReused;
    final Counter softErrors;
    final Counter pathMtuLowered;
    final Counter handlerFailures;
    private final EnumMap<TcpDrop, Counter> drops = new EnumMap<>(TcpDrop.class);

    TcpCounters(Counters counters) {
        segmentsReceived = counters.counter("uk_tcp_segments_received_total", "Segments received, good or not.");
        segmentsSent =
                counters.counter("uk_tcp_segments_sent_total", "Segments sent; one that the device cuts counts once.");
        bytesReceived = counters.counter("uk_tcp_received_bytes_total", "Payload bytes received in order.");
        bytesSent = counters.counter("uk_tcp_sent_bytes_total", "Payload bytes sent for the first time.");
        opened = counters.counter("uk_tcp_opened_total", "Connections that this side began to open.");
        accepted = counters.counter("uk_tcp_accepted_total", "Connections that listeners have established.");
        closed = counters.counter("uk_tcp_closed_total", "Connections that have ended, for whatever reason.");
        handshakesFailed = counters.counter("uk_tcp_handshakes_failed_total", "Handshakes that were not completed.");
        resetsReceived = counters.counter("uk_tcp_resets_received_total", "Valid resets received.");
        resetsSent = counters.counter("uk_tcp_resets_sent_total", "Resets sent.");
        repliesDropped = counters.counter(
                "uk_tcp_replies_dropped_total",
                "Resets and other answers without a connection, for which there was no room.");
        challengeAcks = counters.counter("uk_tcp_challenge_acks_total", "Challenge ACKs sent (RFC 5961).");
        acksLimited = counters.counter(
                "uk_tcp_acks_limited_total",
                "Answers to invalid segments that were held back, so that there is no storm.");
        retransmissions = counters.counter("uk_tcp_retransmissions_total", "Segments sent again.");
        timeouts = counters.counter("uk_tcp_timeouts_total", "Retransmission timeouts.");
        fastRecoveries = counters.counter("uk_tcp_fast_recoveries_total", "Losses found by duplicate ACKs.");
        duplicateAcks = counters.counter("uk_tcp_duplicate_acks_total", "Duplicate ACKs received.");
        outOfOrder = counters.counter("uk_tcp_out_of_order_total", "Segments received ahead of their turn.");
        reneged = counters.counter(
                "uk_tcp_reneged_total", "Reassembly queues that were given up as memory was low (RFC 2018).");
        persistProbes = counters.counter("uk_tcp_persist_probes_total", "Probes of a closed window.");
        keepAliveProbes = counters.counter("uk_tcp_keep_alive_probes_total", "Keep-alive probes.");
        connectionsTimedOut = counters.counter("uk_tcp_timed_out_total", "Connections whose peer did not answer.");
        noBuffer = counters.counter("uk_tcp_no_buffer_total", "Segments postponed as the pool was empty.");
        timeWaitEvicted = counters.counter(
                "uk_tcp_time_wait_evicted_total", "Connections that left TIME-WAIT early as there were too many.");
        timeWaitReused = counters.counter(
                "uk_tcp_time_wait_reused_total", "Connections in TIME-WAIT that gave way to a new SYN (RFC 6191).");
        softErrors = counters.counter("uk_tcp_soft_errors_total", "ICMP errors noted (RFC 5927).");
        pathMtuLowered =
                counters.counter("uk_tcp_path_mtu_lowered_total", "Segment sizes lowered by ICMP errors (RFC 1191).");
        handlerFailures = counters.counter("uk_tcp_handler_failures_total", "Exceptions that handlers have thrown.");
        for (TcpDrop reason : TcpDrop.values()) {
            drops.put(
                    reason,
                    counters.with("reason", reason.label())
                            .counter("uk_tcp_segments_dropped_total", "Inbound segments dropped, by reason."));
        }
    }

    void drop(TcpDrop reason) {
        of(reason).increment();
    }

    long drops(TcpDrop reason) {
        return of(reason).value();
    }

    private Counter of(TcpDrop reason) {
        return Objects.requireNonNull(drops.get(reason));
    }
}
