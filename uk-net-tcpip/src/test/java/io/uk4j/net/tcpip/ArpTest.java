package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.RawHost.PEER;
import static io.uk4j.net.tcpip.RawHost.SECOND_NS;
import static io.uk4j.net.tcpip.RawHost.STACK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.wire.ArpPacket;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArpTest {
    private static final int STRANGER = Ipv4Address.parse("10.0.2.77").bits();

    @Test
    void announcesItselfTwice() {
        try (RawHost host = new RawHost()) {
            byte[] announcement = Bytes.ethernet(
                    EthernetHeader.BROADCAST,
                    host.stackMac,
                    EthernetHeader.TYPE_ARP,
                    Bytes.arp(ArpPacket.REQUEST, host.stackMac, STACK, 0, STACK));
            host.run();
            assertArrayEquals(announcement, host.received.getFirst());
            host.simulation.runFor(60 * SECOND_NS);
            assertEquals(2, host.received.size());
            assertArrayEquals(announcement, host.received.getLast());
        }
    }

    @Test
    void answersForItsAddressOnly() {
        try (RawHost host = RawHost.known()) {
            host.sendArp(ArpPacket.REQUEST, PEER, 0, STACK);
            host.sendArp(ArpPacket.REQUEST, PEER, 0, STRANGER);
            host.run();
            assertArrayEquals(Bytes.arp(ArpPacket.REPLY, host.stackMac, STACK, host.peerMac, PEER), host.onlyPacket());
        }
    }

    @Test
    void answersAProbeWithoutLearningAnything() {
        try (RawHost host = new RawHost()) {
            host.simulation.runFor(3 * SECOND_NS);
            host.received.clear();
            host.sendArp(ArpPacket.REQUEST, 0, 0, STACK);
            host.run();
            assertArrayEquals(Bytes.arp(ArpPacket.REPLY, host.stackMac, STACK, host.peerMac, 0), host.onlyPacket());
            assertEquals(0, entries(host));
        }
    }

    @Test
    void sendsWhatWaitedWhenTheAnswerComes() {
        try (RawHost host = quiet()) {
            UdpSocket socket = silentSocket(host);
            send(host, socket, PEER);
            send(host, socket, PEER);
            host.run();
            assertArrayEquals(Bytes.arp(ArpPacket.REQUEST, host.stackMac, STACK, 0, PEER), host.onlyPacket());
            host.sendArp(ArpPacket.REPLY, PEER, host.stackMac, STACK);
            host.run();
            assertEquals(2, host.received.size());
            for (byte[] frame : host.received) {
                assertEquals(host.peerMac, EthernetHeader.destination(Bytes.wrap(frame), 0));
            }
        }
    }

    @Test
    void keepsTheYoungestOfTooManyThatWait() {
        try (RawHost host = quiet()) {
            UdpSocket socket = silentSocket(host);
            for (int i = 0; i < 10; i++) {
                send(host, socket, PEER, i);
            }
            host.run();
            host.received.clear();
            host.sendArp(ArpPacket.REPLY, PEER, host.stackMac, STACK);
            host.run();
            List<Integer> arrived = new ArrayList<>();
            for (byte[] frame : host.received) {
                arrived.add((int) frame[frame.length - 1]);
            }
            assertEquals(List.of(6, 7, 8, 9), arrived);
            assertEquals(6, host.drops(DropReason.ROUTE_PENDING_FULL));
        }
    }

    @Test
    void asksThreeTimesThenTellsTheSender() {
        try (RawHost host = quiet()) {
            List<Integer> unreachable = new ArrayList<>();
            UdpSocket socket = host.stack.openUdp(5000, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {}

                @Override
                public void onUnreachable(UdpSocket at, int destination, int port) {
                    assertEquals(STRANGER, destination);
                    unreachable.add(port);
                }
            });
            send(host, socket, STRANGER);
            host.simulation.runFor(2 * SECOND_NS + SECOND_NS / 2);
            assertEquals(3, host.received.size(), "requests");
            assertEquals(List.of(), unreachable);
            host.simulation.runFor(10 * SECOND_NS);
            assertEquals(3, host.received.size(), "requests");
            assertEquals(List.of(9), unreachable);
            assertEquals(1, host.drops(DropReason.ROUTE_UNRESOLVED));
            assertEquals(0, entries(host));
        }
    }

    @Test
    void aFailingHandlerCostsNobodyElseAnything() {
        try (RawHost host = quiet()) {
            int[] told = {0};
            UdpSocket socket = host.stack.openUdp(5000, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {}

                @Override
                public void onUnreachable(UdpSocket at, int destination, int port) {
                    told[0]++;
                    throw new IllegalStateException("on purpose");
                }
            });
            send(host, socket, STRANGER);
            send(host, socket, STRANGER);
            send(host, socket, STRANGER);
            host.simulation.runFor(2 * SECOND_NS);
            send(host, socket, STRANGER + 1);
            host.simulation.runFor(10 * SECOND_NS);
            assertEquals(
                    4, told[0], "each datagram is told of, those behind a failure too, and the next neighbour as well");
            assertEquals(4, host.drops(DropReason.ROUTE_UNRESOLVED));
            assertEquals(0, entries(host));
        }
    }

    @Test
    void whoSendsAgainWhenToldStartsAnew() {
        try (RawHost host = quiet()) {
            int[] told = {0};
            UdpSocket socket = host.stack.openUdp(5000, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {}

                @Override
                public void onUnreachable(UdpSocket at, int destination, int port) {
                    if (++told[0] < 100) {
                        send(host, at, STRANGER);
                    }
                }
            });
            send(host, socket, STRANGER);
            host.simulation.runFor(3 * SECOND_NS + SECOND_NS / 2);
            assertEquals(1, told[0], "the second datagram waits for an answer of its own");
            host.simulation.runFor(3 * SECOND_NS);
            assertEquals(2, told[0]);
        }
    }

    @Test
    void confirmsAnOldAddressByAskingThatStationAlone() {
        try (RawHost host = quiet()) {
            UdpSocket socket = silentSocket(host);
            send(host, socket, PEER);
            host.run();
            host.sendArp(ArpPacket.REPLY, PEER, host.stackMac, STACK);
            host.simulation.runFor(61 * SECOND_NS);
            host.received.clear();
            send(host, socket, PEER);
            host.run();
            assertEquals(2, host.received.size(), "the request, and the datagram that did not wait for it");
            for (byte[] frame : host.received) {
                assertEquals(host.peerMac, EthernetHeader.destination(Bytes.wrap(frame), 0));
            }
            host.received.clear();
            host.simulation.runFor(10 * SECOND_NS);
            assertEquals(2, host.received.size(), "two more requests, then the entry is gone");
            assertEquals(0, entries(host));
        }
    }

    @Test
    void forgetsWhoIsNotUsed() {
        try (RawHost host = quiet()) {
            host.sendArp(ArpPacket.REQUEST, PEER, 0, STACK);
            host.run();
            assertEquals(1, entries(host));
            host.simulation.runFor(30 * 60 * SECOND_NS);
            assertEquals(0, entries(host));
        }
    }

    @Test
    void believesNobodyWhoWasNotAsked() {
        try (RawHost host = quiet()) {
            host.sendArp(ArpPacket.REPLY, STRANGER, host.stackMac, STACK);
            host.sendArp(ArpPacket.REQUEST, STRANGER, 0, STRANGER);
            host.run();
            assertEquals(0, entries(host));
        }
    }

    @Test
    void doesNotLearnHostsOfOtherLinks() {
        try (RawHost host = quiet()) {
            host.sendArp(ArpPacket.REQUEST, Ipv4Address.parse("192.168.1.1").bits(), 0, STACK);
            host.sendArp(ArpPacket.REQUEST, Ipv4Address.parse("10.0.2.255").bits(), 0, STACK);
            host.sendArp(ArpPacket.REQUEST, Ipv4Address.parse("224.0.0.1").bits(), 0, STACK);
            host.run();
            assertEquals(0, entries(host));
            assertEquals(3, host.drops(DropReason.ARP_SENDER));
        }
    }

    @Test
    void defendsItsAddressButNotWithoutEnd() {
        try (RawHost host = quiet()) {
            for (int i = 0; i < 5; i++) {
                host.sendArp(ArpPacket.REQUEST, STACK, 0, STACK);
                host.run();
            }
            assertArrayEquals(Bytes.arp(ArpPacket.REQUEST, host.stackMac, STACK, 0, STACK), host.onlyPacket());
            assertTrue(host.counters.text().contains("uk_arp_conflicts_total{device=\"wire0-a\"} 5"));
            host.simulation.runFor(11 * SECOND_NS);
            host.sendArp(ArpPacket.REQUEST, STACK, 0, STACK);
            host.run();
            assertEquals(1, host.received.size());
        }
    }

    @Test
    void staysBoundedUnderAFlood() {
        try (RawHost host = quiet()) {
            UdpSocket socket = silentSocket(host);
            send(host, socket, PEER);
            host.run();
            host.sendArp(ArpPacket.REPLY, PEER, host.stackMac, STACK);
            host.run();
            for (int i = 0; i < 1000; i++) {
                host.sendArp(ArpPacket.REQUEST, Ipv4Address.parse("10.0.2.16").bits() + i % 200, 0, STACK);
                send(host, socket, Ipv4Address.parse("10.0.2.100").bits() + i % 150);
                host.run();
            }
            assertTrue(entries(host) <= 256, "entries: " + entries(host));
            host.received.clear();
            send(host, socket, PEER);
            host.run();
            assertEquals(1, host.received.size(), "the neighbour in use is still known");
        }
    }

    @Test
    void countsTheMalformedAndTheLying() {
        try (RawHost host = RawHost.known()) {
            byte[] packet = Bytes.arp(ArpPacket.REQUEST, host.peerMac, PEER, 0, STACK);
            for (int length = 0; length < packet.length; length++) {
                host.send(Bytes.ethernet(
                        EthernetHeader.BROADCAST,
                        host.peerMac,
                        EthernetHeader.TYPE_ARP,
                        Bytes.slice(packet, 0, length)));
            }
            packet[7] = 9; // an operation that there is not
            host.send(Bytes.ethernet(EthernetHeader.BROADCAST, host.peerMac, EthernetHeader.TYPE_ARP, packet));
            host.send(Bytes.ethernet(
                    EthernetHeader.BROADCAST,
                    host.peerMac,
                    EthernetHeader.TYPE_ARP,
                    Bytes.arp(ArpPacket.REQUEST, host.peerMac ^ 1, PEER, 0, STACK)));
            host.run();
            assertEquals(ArpPacket.BYTES + 1, host.drops(DropReason.ARP_MALFORMED));
            assertEquals(1, host.drops(DropReason.ARP_SENDER));
            assertEquals(List.of(), host.received);
        }
    }

    private static RawHost quiet() {
        RawHost host = new RawHost();
        host.simulation.runFor(3 * SECOND_NS);
        host.received.clear();
        return host;
    }

    private static UdpSocket silentSocket(RawHost host) {
        return host.stack.openUdp(5000, (socket, source, port, data, offset, length) -> {});
    }

    private static void send(RawHost host, UdpSocket socket, int destination) {
        send(host, socket, destination, 0);
    }

    private static void send(RawHost host, UdpSocket socket, int destination, int content) {
        ByteBuf data = host.pool.tryAcquire(1);
        assertTrue(data != null && socket.send(destination, 9, data.writeByte(content)));
    }

    private static long entries(RawHost host) {
        long[] entries = {-1};
        host.counters.forEach((name, labels, help, counter, value) -> {
            if (name.equals("uk_arp_entries")) {
                entries[0] = value;
            }
        });
        return entries[0];
    }
}
