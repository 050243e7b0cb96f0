package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.RawHost.PEER;
import static io.uk4j.net.tcpip.RawHost.STACK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4InputTest {
    private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};

    @Test
    void survivesEveryPrefixOfAValidFrame() {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            byte[] frame = Bytes.ethernet(host.stackMac, host.peerMac, EthernetHeader.TYPE_IPV4, hello());
            for (int length = EthernetHeader.BYTES; length < frame.length; length++) {
                host.send(Bytes.slice(frame, 0, length));
                host.run();
            }
            assertEquals(frame.length - EthernetHeader.BYTES, host.drops(DropReason.IP_TRUNCATED));
            assertEquals(List.of(), arrived);
            host.send(frame);
            host.run();
            assertArrayEquals(HELLO, arrived.getFirst());
        }
    }

    @Test
    void trimsPaddingOfTheLink() {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            host.sendIp(Arrays.copyOf(hello(), 46));
            host.run();
            assertArrayEquals(HELLO, arrived.getFirst());
        }
    }

    @Test
    void acceptsATimeToLiveOfZeroWhereTheWayEnds() {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            byte[] packet = hello();
            packet[8] = 0;
            host.sendIp(Bytes.fixHeaderChecksum(packet));
            host.run();
            assertEquals(1, arrived.size());
        }
    }

    @Test
    void skipsOptions() {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            for (String options :
                    new String[] {"01010100", "94040000", "0107040400000000", "44040500" + "00".repeat(36)}) {
                host.sendIp(Bytes.withOptions(hello(), HexFormat.of().parseHex(options)));
            }
            host.run();
            assertEquals(0, host.allDrops());
            assertEquals(4, arrived.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"83030400", "89030400", "018307040a000202"})
    void refusesSourceRoutes(String options) {
        assertDropped(
                DropReason.IP_SOURCE_ROUTE,
                host -> host.sendIp(Bytes.withOptions(hello(), HexFormat.of().parseHex(options))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"07000000", "07010000", "07050000", "01010107", "010107ff"})
    void dropsOptionsThatRunOverTheHeader(String options) {
        assertDropped(
                DropReason.IP_OPTIONS,
                host -> host.sendIp(Bytes.withOptions(hello(), HexFormat.of().parseHex(options))));
    }

    @Test
    void countsEachWayAHeaderCanBeWrong() {
        assertDropped(DropReason.IP_VERSION, host -> host.sendIp(changed(0, 0x65)));
        assertDropped(DropReason.IP_HEADER_LENGTH, host -> host.sendIp(changed(0, 0x44)));
        assertDropped(DropReason.IP_TRUNCATED, host -> host.sendIp(changed(0, 0x4f)));
        assertDropped(DropReason.IP_TOTAL_LENGTH, host -> host.sendIp(changed(3, 19)));
        assertDropped(DropReason.IP_TRUNCATED, host -> host.sendIp(changed(2, 1)));
        assertDropped(DropReason.IP_PROTOCOL, host -> host.sendIp(changed(9, 200)));
        assertDropped(DropReason.IP_CHECKSUM, host -> {
            byte[] packet = hello();
            packet[10] ^= 1;
            host.sendIp(packet);
        });
        assertDropped(
                DropReason.FRAME_TYPE, host -> host.send(Bytes.ethernet(host.stackMac, host.peerMac, 0x86dd, hello())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.2.15",
                "10.0.2.255",
                "10.0.2.0",
                "255.255.255.255",
                "127.0.0.1",
                "224.0.0.5",
                "0.0.0.0",
                "250.1.1.1"
            })
    void dropsSourcesThatCannotBe(String source) {
        int bits = Ipv4Address.parse(source).bits();
        assertDropped(
                DropReason.IP_SOURCE,
                host -> host.sendIp(Bytes.ipv4(bits, STACK, 17, Bytes.udp(bits, 9, STACK, 5000, HELLO))));
    }

    @Test
    void dropsWhatIsForOthers() {
        int other = Ipv4Address.parse("10.0.2.16").bits();
        assertDropped(
                DropReason.IP_NOT_FOR_US,
                host -> host.sendIp(Bytes.ipv4(PEER, other, 17, Bytes.udp(PEER, 9, other, 5000, HELLO))));
        assertDropped(
                DropReason.FRAME_NOT_FOR_US,
                host -> host.send(Bytes.ethernet(host.stackMac ^ 4, host.peerMac, EthernetHeader.TYPE_IPV4, hello())));
        assertDropped(
                DropReason.FRAME_MULTICAST,
                host -> host.send(Bytes.ethernet(
                        EthernetHeader.multicast(0xe0000001), host.peerMac, EthernetHeader.TYPE_IPV4, hello())));
        assertDropped(
                DropReason.FRAME_SOURCE,
                host -> host.send(Bytes.ethernet(host.stackMac, host.stackMac, EthernetHeader.TYPE_IPV4, hello())));
        assertDropped(
                DropReason.FRAME_SOURCE,
                host -> host.send(
                        Bytes.ethernet(host.stackMac, EthernetHeader.BROADCAST, EthernetHeader.TYPE_IPV4, hello())));
        assertDropped(
                DropReason.IP_BROADCAST,
                host -> host.send(
                        Bytes.ethernet(EthernetHeader.BROADCAST, host.peerMac, EthernetHeader.TYPE_IPV4, hello())));
    }

    @Test
    void deliversBroadcastsToUdpAlone() {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            int everybody = Ipv4Address.parse("10.0.2.255").bits();
            for (int destination : new int[] {-1, everybody}) {
                host.send(Bytes.ethernet(
                        EthernetHeader.BROADCAST,
                        host.peerMac,
                        EthernetHeader.TYPE_IPV4,
                        Bytes.ipv4(PEER, destination, 17, Bytes.udp(PEER, 9, destination, 5000, HELLO))));
            }
            host.run();
            assertEquals(2, arrived.size());
            host.sendIp(Bytes.ipv4(PEER, everybody, 1, Bytes.icmp(8, 0, 1, HELLO)));
            host.sendIp(Bytes.ipv4(PEER, everybody, 6, new byte[20]));
            host.sendIp(Bytes.ipv4(PEER, everybody, 17, Bytes.udp(PEER, 9, everybody, 5001, HELLO)));
            host.run();
            assertEquals(2, host.drops(DropReason.IP_BROADCAST));
            assertEquals(1, host.drops(DropReason.UDP_NO_PORT));
            assertEquals(List.of(), host.received, "nobody is told that a broadcast met no one");
        }
    }

    private static byte[] hello() {
        return Bytes.ipv4(PEER, STACK, Ipv4Header.PROTOCOL_UDP, Bytes.udp(PEER, 9, STACK, 5000, HELLO));
    }

    private static byte[] changed(int at, int value) {
        byte[] packet = hello();
        packet[at] = (byte) value;
        return Bytes.fixHeaderChecksum(packet);
    }

    private static void assertDropped(DropReason reason, Consumer<RawHost> action) {
        try (RawHost host = RawHost.known()) {
            List<byte[]> arrived = listen(host);
            action.accept(host);
            host.run();
            assertEquals(1, host.drops(reason), reason + " of " + host.counters.text());
            assertEquals(1, host.allDrops());
            assertTrue(arrived.isEmpty());
        }
    }

    private static List<byte[]> listen(RawHost host) {
        List<byte[]> arrived = new ArrayList<>();
        host.stack.openUdp(5000, (socket, source, port, data, offset, length) -> {
            byte[] payload = new byte[length];
            data.getBytes(offset, payload);
            arrived.add(payload);
        });
        return arrived;
    }
}
