package io.uk4j.net.tcpip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.net.tcpip.stats.DropReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UdpTest {
    private static final long SECOND_NS = RawHost.SECOND_NS;

    private final List<byte[]> arrived = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void echoesEverySizeBothWays(boolean offloads) {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire.offloads(offloads))) {
            echo(hosts.b, 7);
            UdpSocket socket = listen(hosts.a, 0);
            int sent = 0;
            for (int size = 0; size <= UdpSocket.MAX_PAYLOAD_BYTES; size += 1 + size / 3) {
                arrived.clear();
                byte[] payload = Bytes.counting(size);
                ByteBuf data = size % 2 == 0 || size > 1000
                        ? Unpooled.directBuffer(size + 1).writeBytes(payload)
                        : Objects.requireNonNull(hosts.a.pool.tryAcquire(size)).writeBytes(payload);
                assertTrue(socket.send(hosts.b.address(), 7, data));
                hosts.simulation.runFor(SECOND_NS / 100);
                assertEquals(1, arrived.size(), "size " + size);
                assertArrayEquals(payload, arrived.getFirst(), "size " + size);
                sent++;
            }
            assertTrue(sent > 30);
        }
    }

    @Test
    void delivers64KiBInFragments() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            listen(hosts.b, 9);
            UdpSocket socket = listen(hosts.a, 0);
            byte[] payload = Bytes.counting(UdpSocket.MAX_PAYLOAD_BYTES);
            // The neighbour is made known first: more fragments than may wait for it would be lost.
            assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[1])));
            hosts.simulation.runFor(0);
            assertTrue(socket.send(hosts.b.address(), 9, Unpooled.directBuffer().writeBytes(payload)));
            hosts.simulation.runFor(0);
            assertEquals(2, arrived.size());
            assertArrayEquals(payload, arrived.getLast());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 99, 700, 1000, 5000, 9000})
    void datagramsThatWerePutTogetherBelowArriveOneByOne(int each) {
        try (RawHost host = new RawHost(1, wire -> wire.offloads(true))) {
            host.introduce();
            host.stack.openUdp(9, (socket, source, sourcePort, data, offset, length) -> {
                byte[] bytes = new byte[length];
                data.getBytes(offset, bytes);
                arrived.add(bytes);
            });
            byte[] payload = Bytes.counting(5000);
            host.sendDatagrams(
                    Bytes.ipv4(RawHost.PEER, RawHost.STACK, 17, Bytes.udp(RawHost.PEER, 4, RawHost.STACK, 9, payload)),
                    each);
            host.run();
            assertEquals((5000 + each - 1) / each, arrived.size());
            int at = 0;
            for (byte[] got : arrived) {
                assertArrayEquals(Arrays.copyOfRange(payload, at, Math.min(5000, at + each)), got);
                at += each;
            }
        }
    }

    @Test
    void aPortThatIsClosedByADatagramGetsNoneOfThoseBehindIt() {
        try (RawHost host = new RawHost(1, wire -> wire.offloads(true))) {
            host.introduce();
            host.stack.openUdp(9, (socket, source, sourcePort, data, offset, length) -> {
                arrived.add(new byte[length]);
                socket.close();
            });
            host.sendDatagrams(
                    Bytes.ipv4(
                            RawHost.PEER,
                            RawHost.STACK,
                            17,
                            Bytes.udp(RawHost.PEER, 4, RawHost.STACK, 9, Bytes.counting(3000))),
                    100);
            host.run();
            assertEquals(1, arrived.size());
        }
    }

    @Test
    void whatIsSentAfterTheStacksEndIsReleased() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            UdpSocket socket = listen(hosts.a, 9);
            hosts.a.stack.close();
            ByteBuf data = Objects.requireNonNull(hosts.a.pool.tryAcquire(1)).writeByte(1);
            assertFalse(socket.send(hosts.b.address(), 9, data));
            assertEquals(0, data.refCnt());
        }
    }

    @Test
    void aHandlerMayCloseTheStackThatToldIt() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            List<Integer> heard = new ArrayList<>();
            UdpSocket _ = hosts.b.stack.openUdp(9, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {
                    heard.add((int) data.getByte(offset));
                    hosts.b.stack.close();
                }
            });
            UdpSocket socket = listen(hosts.a, 0);
            assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[] {1})));
            assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[] {2})));
            assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[] {3})));
            hosts.simulation.runFor(SECOND_NS);
            assertEquals(List.of(1), heard, "nothing arrives at a stack that has ended");
            assertEquals(0, hosts.b.failures(), "failures of the loop");
        }
    }

    @Test
    void deliversOnlyWhatIsIntactOverABadWire() {
        // One frame each: two flipped bits in two fragments of one datagram can cancel out in the checksum.
        int echoed = overABadWire(1400, 0.2);
        assertTrue(echoed > 800, echoed + " of 2000 came back");
    }

    @Test
    void joinsFragmentsOverAWireThatLosesAndReorders() {
        int echoed = overABadWire(4000, 0);
        assertTrue(echoed > 400, echoed + " of 2000 came back");
    }

    private int overABadWire(int size, double corruption) {
        long seed = 768;
        try (TwoHosts hosts = new TwoHosts(seed, wire -> wire)) {
            hosts.wire
                    .aToB()
                    .loss(0.1)
                    .duplicate(0.05)
                    .reorder(0.1)
                    .corrupt(corruption)
                    .delayNs(1_000_000);
            hosts.wire
                    .bToA()
                    .loss(0.1)
                    .duplicate(0.05)
                    .reorder(0.1)
                    .corrupt(corruption)
                    .delayNs(1_000_000);
            echo(hosts.b, 7);
            UdpSocket socket = listen(hosts.a, 0);
            byte[] payload = Bytes.counting(size);
            for (int i = 0; i < 2000; i++) {
                boolean _ = socket.send(
                        hosts.b.address(), 7, Unpooled.directBuffer(size).writeBytes(payload));
                hosts.simulation.runFor(SECOND_NS / 200);
            }
            for (byte[] bytes : arrived) {
                assertArrayEquals(payload, bytes, "seed " + seed);
            }
            assertEquals(corruption > 0, hosts.b.drops(DropReason.UDP_CHECKSUM) > 0);
            hosts.simulation.runFor(60 * SECOND_NS);
            return arrived.size();
        }
    }

    @Test
    void reachesItself() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            echo(hosts.a, 7);
            UdpSocket socket = listen(hosts.a, 0);
            for (int size : new int[] {0, 1, 1000, 60_000}) {
                assertTrue(socket.send(
                        hosts.a.address(), 7, Unpooled.directBuffer().writeBytes(Bytes.counting(size))));
                hosts.simulation.runFor(0);
                assertArrayEquals(Bytes.counting(size), arrived.getLast());
            }
            assertEquals(4, arrived.size());
        }
    }

    @Test
    void hearsThatNobodyListens() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            List<Integer> unreachable = new ArrayList<>();
            UdpSocket socket = hosts.a.stack.openUdp(0, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {}

                @Override
                public void onUnreachable(UdpSocket at, int destination, int port) {
                    unreachable.add(port);
                }
            });
            assertTrue(socket.send(hosts.b.address(), 1234, Bytes.wrap(new byte[10])));
            assertTrue(socket.send(hosts.a.address(), 1235, Bytes.wrap(new byte[10])));
            hosts.simulation.runFor(0);
            assertEquals(Set.of(1234, 1235), new HashSet<>(unreachable));
        }
    }

    @Test
    void acceptsNoChecksumButNoWrongOne() {
        try (RawHost host = RawHost.known()) {
            List<Integer> lengths = new ArrayList<>();
            host.stack.openUdp(5000, (socket, source, port, data, offset, length) -> lengths.add(length));
            byte[] datagram = Bytes.udp(RawHost.PEER, 9, RawHost.STACK, 5000, new byte[5]);
            datagram[6] ^= 1;
            host.sendIp(Bytes.ipv4(RawHost.PEER, RawHost.STACK, 17, datagram));
            datagram[6] = 0;
            datagram[7] = 0;
            host.sendIp(Bytes.ipv4(RawHost.PEER, RawHost.STACK, 17, datagram));
            host.run();
            assertEquals(List.of(5), lengths);
            assertEquals(1, host.drops(DropReason.UDP_CHECKSUM));
        }
    }

    @Test
    void believesTheShorterOfTwoLengthsAndNoLongerOne() {
        try (RawHost host = RawHost.known()) {
            List<Integer> lengths = new ArrayList<>();
            host.stack.openUdp(5000, (socket, source, port, data, offset, length) -> lengths.add(length));
            for (int length = 0; length <= 20; length++) {
                byte[] datagram = Bytes.udp(RawHost.PEER, 9, RawHost.STACK, 5000, new byte[5]);
                datagram[5] = (byte) length;
                datagram[6] = 0;
                datagram[7] = 0;
                host.sendIp(Bytes.ipv4(RawHost.PEER, RawHost.STACK, 17, datagram));
            }
            host.run();
            assertEquals(List.of(0, 1, 2, 3, 4, 5), lengths);
            assertEquals(15, host.drops(DropReason.UDP_TRUNCATED));
        }
    }

    @Test
    void givesOutPortsThatDoNotFollowEachOther() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            Set<Integer> ports = new HashSet<>();
            int successors = 0;
            int last = 0;
            for (int i = 0; i < 1000; i++) {
                int port = listen(hosts.a, 0).local().port();
                assertTrue(port >= 49_152);
                assertTrue(ports.add(port), "port " + port + " twice");
                successors += port == last + 1 ? 1 : 0;
                last = port;
            }
            assertTrue(successors < 100, successors + " ports follow their predecessor");
        }
    }

    @Test
    void refusesAPortThatIsOpen() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            UdpSocket first = listen(hosts.a, 53);
            UdpException refusal = assertThrows(UdpException.class, () -> listen(hosts.a, 53));
            assertTrue(Objects.requireNonNull(refusal.getMessage()).contains("53"));
            first.close();
            assertEquals(53, listen(hosts.a, 53).local().port());
        }
    }

    @Test
    void releasesWhatItRefusesToSend() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            UdpSocket socket = listen(hosts.a, 0);
            ByteBuf tooLong = Unpooled.directBuffer().writeZero(UdpSocket.MAX_PAYLOAD_BYTES + 1);
            assertThrows(IllegalArgumentException.class, () -> socket.send(hosts.b.address(), 7, tooLong));
            ByteBuf noPort = Unpooled.directBuffer().writeZero(1);
            assertThrows(IllegalArgumentException.class, () -> socket.send(hosts.b.address(), 0, noPort));
            socket.close();
            ByteBuf late = Unpooled.directBuffer().writeZero(1);
            assertThrows(IllegalStateException.class, () -> socket.send(hosts.b.address(), 7, late));
            assertEquals(0, tooLong.refCnt() + noPort.refCnt() + late.refCnt());
        }
    }

    @Test
    void saysThatThereIsNoRoomWhenTheDeviceTakesNoMore() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire.queueFrames(8))) {
            hosts.wire.aToB().delayNs(SECOND_NS);
            listen(hosts.b, 9);
            UdpSocket socket = listen(hosts.a, 0);
            assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[1])));
            hosts.simulation.runFor(10 * SECOND_NS);
            int taken = 0;
            while (socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[] {(byte) taken}))) {
                taken++;
            }
            assertEquals(8 + 64, taken, "the wire's queue and one batch");
            assertEquals(0, hosts.a.stack.output().space());
            assertEquals(0, hosts.a.drops(DropReason.FRAME_QUEUE_FULL));
            arrived.clear();
            hosts.simulation.runFor(20 * SECOND_NS);
            assertEquals(taken, arrived.size(), "nothing that was taken is lost");
            assertNotEquals(0, hosts.a.stack.output().space());
        }
    }

    @Test
    void copiesForADeviceThatTakesOneFragment() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire.maxFragments(1))) {
            listen(hosts.b, 9);
            UdpSocket socket = listen(hosts.a, 0);
            assertTrue(socket.send(hosts.b.address(), 9, Unpooled.directBuffer().writeBytes(Bytes.counting(700))));
            hosts.simulation.runFor(0);
            assertArrayEquals(Bytes.counting(700), arrived.getFirst());
        }
    }

    @Test
    void goesOnAfterAHandlerHasThrown() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            boolean[] thrown = {false};
            hosts.b.stack.openUdp(9, (socket, source, port, data, offset, length) -> {
                if (!thrown[0]) {
                    thrown[0] = true;
                    throw new IllegalStateException("a mistake of the application");
                }
                arrived.add(new byte[length]);
            });
            UdpSocket socket = listen(hosts.a, 0);
            for (int i = 0; i < 3; i++) {
                assertTrue(socket.send(hosts.b.address(), 9, Bytes.wrap(new byte[i])));
            }
            hosts.simulation.runFor(SECOND_NS);
            assertTrue(thrown[0]);
            assertEquals(2, arrived.size());
        }
    }

    @Test
    void hasNoWayWithoutAGateway() {
        try (TwoHosts hosts = new TwoHosts(1, wire -> wire)) {
            UdpSocket socket = listen(hosts.a, 0);
            for (String far : new String[] {"198.51.100.1", "127.0.0.1", "0.0.0.1", "192.0.2.0"}) {
                assertTrue(socket.send(Ipv4Address.parse(far).bits(), 9, Bytes.wrap(new byte[1])));
            }
            hosts.simulation.runFor(0);
            assertEquals(4, hosts.a.drops(DropReason.ROUTE_NONE));
            assertFalse(hosts.a.counters.text().isEmpty());
        }
    }

    private UdpSocket listen(TwoHosts.Host host, int port) {
        return host.stack.openUdp(port, (socket, source, sourcePort, data, offset, length) -> {
            byte[] bytes = new byte[length];
            data.getBytes(offset, bytes);
            arrived.add(bytes);
        });
    }

    private static void echo(TwoHosts.Host host, int port) {
        host.stack.openUdp(port, (socket, source, sourcePort, data, offset, length) -> {
            ByteBuf copy = Unpooled.directBuffer(Math.max(1, length)).writeBytes(data, offset, length);
            boolean _ = socket.send(source, sourcePort, copy);
        });
    }
}
