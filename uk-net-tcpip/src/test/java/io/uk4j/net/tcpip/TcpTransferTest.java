package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.TcpHosts.MS;
import static io.uk4j.net.tcpip.TcpHosts.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
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
                hosts.wire
                        .aToB()
                        .loss(0.03)
                        .reorder(0.03)
                        .duplicate(0.02)
                        .corrupt(0.02)
                        .jitterNs(MS);
                hosts.wire
                        .bToA()
                        .loss(0.03)
                        .reorder(0.03)
                        .duplicate(0.02)
                        .corrupt(0.02)
                        .jitterNs(MS);
                transfer(hosts, 1 << 20, 3600 * SECOND);
                assertTrue(hosts.a.count("uk_tcp_retransmissions_total") > 0, "seed " + seed);
                assertTrue(offloads || hosts.b.count("uk_tcp_out_of_order_total") > 0, "seed " + seed);
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

    @Test
    void aPoolThatIsMuchTooSmallIsSlowAndLosesNothing() {
        for (long seed : SEEDS) {
            try (TcpHosts hosts = new TcpHosts(seed, false, 192 << 10)) {
                hosts.wire.aToB().loss(0.02);
                transfer(hosts, 1 << 20, 3600 * SECOND);
                hosts.simulation.runFor(SECOND);
                assertEquals(0, hosts.bytesOut(), "seed " + seed);
            }
        }
    }

    @Test
    void aReaderThatPausesClosesTheWindowAndThePeerWaits() {
        try (TcpHosts hosts = new TcpHosts(6)) {
            Receiver receiver = new Receiver();
            receiver.paused = true;
            Sender sender = new Sender(hosts.simulation.random("data"), 4 << 20);
            hosts.b.stack.tcp().listen(hosts.b.at(80), 16, connection -> receiver);
            hosts.a.stack.tcp().connect(hosts.b.at(80), sender);
            hosts.simulation.runFor(300 * SECOND);
            assertEquals(0, receiver.received);
            assertTrue(hosts.a.count("uk_tcp_persist_probes_total") > 0);
            // The update that tells of the open window is lost.
            receiver.paused = false;
            hosts.wire.bToA().loss(1);
            TcpConnection paused = Objects.requireNonNull(receiver.connection);
            paused.receive(receiver);
            hosts.simulation.runFor(10 * MS);
            hosts.wire.bToA().loss(0);
            assertTrue(hosts.simulation.runUntil(() -> sender.closed != null, 600 * SECOND));
            assertEquals(4 << 20, receiver.received);
            assertEquals(sender.sum(), receiver.sum());
        }
    }

    @Test
    void tenThousandConnectionsComeAndGo() {
        try (TcpHosts hosts = new TcpHosts(7, false, 32L << 20, "uk.tcp.timewait=1s")) {
            int[] ended = {0};
            hosts.b.stack.tcp().listen(hosts.b.at(80), 1024, connection -> new Receiver());
            for (int batch = 0; batch < 100; batch++) {
                int target = (batch + 1) * 100;
                for (int i = 0; i < 100; i++) {
                    hosts.a.stack.tcp().connect(hosts.b.at(80), new Sender(hosts.simulation.random("data"), 100) {
                        @Override
                        public void onClosed(TcpConnection c, TcpCloseReason reason) {
                            assertEquals(TcpCloseReason.NORMAL, reason);
                            ended[0]++;
                        }
                    });
                }
                assertTrue(hosts.simulation.runUntil(() -> ended[0] == target, 60 * SECOND), "only " + ended[0]);
            }
            hosts.simulation.runFor(3 * SECOND);
            assertEquals(0, hosts.a.stack.tcp().connections());
            assertEquals(0, hosts.b.stack.tcp().connections());
            assertEquals(0, hosts.bytesOut());
        }
    }
}
