package io.uk4j.gateway;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;

/** What the gateway counts. */
final class GatewayCounters {
    final Counter accepted;
    final Counter connected;
    final Counter refusedLimit;
    final Counter refusedByGuest;
    final Counter refusedByHost;
    final Counter refusedNoSocket;
    final Counter stalledReset;
    final Counter bytesToGuest;
    final Counter bytesToHost;
    final Counter datagramsToGuest;
    final Counter datagramsToHost;
    final Counter datagramsDropped;
    final Counter flowsEvicted;
    final Counter flowsExpired;

    GatewayCounters(Counters counters) {
        String connections = "uk_gateway_connections_total";
        String established = "TCP connections relayed, by who began.";
        accepted = counters.with("direction", "in").counter(connections, established);
        connected = counters.with("direction", "out").counter(connections, established);
        refusedLimit = refused(counters, "limit");
        refusedByGuest = refused(counters, "guest");
        refusedByHost = refused(counters, "host");
        refusedNoSocket = refused(counters, "no_socket");
        stalledReset = counters.counter(
                "uk_gateway_stalled_reset_total",
                "TCP connections reset as memory was short and the client took nothing.");
        String bytes = "uk_gateway_bytes_total";
        String relayed = "Payload bytes of TCP relayed, by direction.";
        bytesToGuest = counters.with("direction", "in").counter(bytes, relayed);
        bytesToHost = counters.with("direction", "out").counter(bytes, relayed);
        String datagrams = "uk_gateway_datagrams_total";
        String datagramsRelayed = "UDP datagrams relayed, by direction.";
        datagramsToGuest = counters.with("direction", "in").counter(datagrams, datagramsRelayed);
        datagramsToHost = counters.with("direction", "out").counter(datagrams, datagramsRelayed);
        datagramsDropped = counters.counter(
                "uk_gateway_datagrams_dropped_total",
                "UDP datagrams dropped: no room, no socket, or refused by the host.");
        flowsEvicted = counters.counter(
                "uk_gateway_flows_evicted_total", "UDP conversations that gave way to newer ones at the limit.");
        flowsExpired = counters.counter("uk_gateway_flows_expired_total", "UDP conversations that fell silent.");
    }

    private static Counter refused(Counters counters, String by) {
        return counters.with("by", by)
                .counter(
                        "uk_gateway_refused_total", "TCP connections not relayed, by who refused or what was lacking.");
    }
}
