package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.TcpHosts.MS;
import static io.uk4j.net.tcpip.TcpHosts.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole streams through whole stacks, over wires of every quality. */
class TcpTransferTest {
    private static final long[] SEEDS = {1, 2, 3, 4};

    private static void transfer(TcpHosts hosts, long bytes, long limitNs) {
        Receiver receiver = new Receiver();
        Sender sender = new Sender(hosts.simulation.random("data"), bytes);
        hosts.b.stack.tcp().listen(hosts.b.at(80), 16, connection -> receiver);
        hosts.a.stack.tcp().connect(hosts.b.at(80), sender);
        boolean done = hosts.simulation.runUntil(() -> sender.closed != null && receiver.closed != null, limitNs);
        String what = "seed " + hosts.simulation.seed() + ": received " + receiver.received + " of " + bytes + " after "
                + hosts.simulation.nowNs() / MS + " ms, sender " + sender.closed + ", receiver " + receiver.closed;
        assertTrue(done, what);
        assertEquals(bytes, receiver.received, what);
        assertEquals(sender.sum(), receiver.sum(), what);
        assertEquals(TcpCloseReason.NORMAL, sender.closed, what);
        assertEquals(TcpCloseReason.NORMAL, receiver.closed, what);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bulkArrivesAsItWasSent(boolean offloads) {
        try (TcpHosts hosts = new TcpHosts(1, offloads, 32L << 20)) {
            transfer(hosts, 20 << 20, 60 * SECOND);
            assertEquals(0, hosts.a.count("uk_tcp_retransmissions_total"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bulkArrivesOverABadWire(boolean offloads) {
        for (long seed : SEEDS) {
            try (TcpHosts hosts = new TcpHosts(seed, offloads, 32L << 20)) {
                hosts.wire.aToB().loss(0.03).reorder(0.03).duplicate(0.02).corrupt(0.02).jitterNs(MS);
                hosts.wire.bToA().loss(0.03).reorder(0.03).duplicate(0.02).corrupt(0.02).jitterNs(MS);
                transfer(hosts, 1 << 20, 3600 * SECOND);
                assertTrue(hosts.a.count("uk_tcp_retransmissions_total") > 0, "seed " + seed);
                assertTrue(hosts.b.count("uk_tcp_out_of_order_total") > 0, "seed " + seed);
            }
        }
    }

    @Test
    void everyBufferComesHome() {
        try (TcpHosts hosts = new TcpHosts(5)) {
            hosts.wire.aToB().loss(0.05);
            transfer(hosts, 1 << 20, 600 * SECOND);
            hosts.simulation.runFor(SECOND);
            assertEquals(0, hosts.bytesOut());
        }
    }
}
