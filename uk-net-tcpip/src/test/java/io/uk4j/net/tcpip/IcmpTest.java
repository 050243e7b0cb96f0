package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.RawHost.PEER;
import static io.uk4j.net.tcpip.RawHost.SECOND_NS;
import static io.uk4j.net.tcpip.RawHost.STACK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IcmpTest {
    private static final int FAR = Ipv4Address.parse("192.0.2.1").bits();

    @Test
    void answersAnEchoOfEverySize() {
        try (RawHost host = RawHost.known()) {
            for (int size = 0; size <= 1472; size += 1 + size / 40) {
                byte[] payload = Bytes.counting(size);
                host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(8, 0, 0x1234_0001, payload)));
                host.run();
                byte[] answer = host.onlyPacket();
                assertEquals(null, Ipv4Header.problem(Bytes.wrap(answer), 0, answer.length, answer.length));
                assertEquals(STACK, Ipv4Header.source(Bytes.wrap(answer), 0));
                assertArrayEquals(
                        Bytes.icmp(0, 0, 0x1234_0001, payload), Bytes.slice(answer, 20, answer.length), "size " + size);
            }
        }
    }

    @Test
    void answersAnEchoInFragmentsInFragments() {
        byte[] request = Bytes.icmp(8, 0, 7, Bytes.counting(20_000));
        try (RawHost host = RawHost.known()) {
            for (int at = 0; at < request.length; at += 1480) {
                int end = Math.min(request.length, at + 1480);
                int flags = (end < request.length ? Ipv4Header.MORE_FRAGMENTS : 0) | (at / 8);
                host.sendIp(Bytes.ipv4(PEER, STACK, 1, 99, flags, Bytes.slice(request, at, end)));
            }
            host.run();
            byte[] answer = new byte[request.length];
            for (byte[] frame : host.received) {
                int offset = Ipv4Header.fragmentOffset(Bytes.wrap(frame), 14);
                System.arraycopy(frame, 34, answer, offset, frame.length - 34);
            }
            assertEquals(14, host.received.size());
            assertArrayEquals(Bytes.icmp(0, 0, 7, Bytes.counting(20_000)), answer);
        }
    }

    @Test
    void answersByTheGatewayWhoIsElsewhere() {
        try (RawHost host = RawHost.known()) {
            host.sendIp(Bytes.ipv4(FAR, STACK, 1, Bytes.icmp(8, 0, 1, new byte[8])));
            host.run();
            assertEquals(FAR, Ipv4Header.destination(Bytes.wrap(host.onlyPacket()), 0));
        }
    }

    @Test
    void quotesTheDatagramThatMetAClosedPort() {
        byte[] packet = Bytes.ipv4(PEER, STACK, 17, Bytes.udp(PEER, 9, STACK, 4000, Bytes.counting(1000)));
        try (RawHost host = RawHost.known()) {
            host.sendIp(packet);
            host.run();
            byte[] error = host.onlyPacket();
            assertEquals(576, error.length);
            assertEquals(3, error[20]);
            assertEquals(3, error[21]);
            assertEquals(0xffff, Checksum.fold(Checksum.sum(Bytes.wrap(error), 20, error.length - 20)));
            assertArrayEquals(Bytes.slice(packet, 0, 548), Bytes.slice(error, 28, error.length));
            assertEquals(1, host.drops(DropReason.UDP_NO_PORT));
        }
    }

    @Test
    void saysThatAProtocolIsNotSpoken() {
        try (RawHost host = RawHost.known()) {
            host.sendIp(Bytes.ipv4(PEER, STACK, 132, new byte[12]));
            host.run();
            byte[] error = host.onlyPacket();
            assertEquals(3, error[20]);
            assertEquals(2, error[21]);
        }
    }

    @Test
    void sendsErrorsAtALimitedRate() {
        try (RawHost host = RawHost.known()) {
            for (int i = 0; i < 500; i++) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 17, Bytes.udp(PEER, 9, STACK, 4000, new byte[1])));
                host.run();
            }
            assertEquals(50, host.received.size());
            host.simulation.runFor(SECOND_NS / 100);
            for (int i = 0; i < 500; i++) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 17, Bytes.udp(PEER, 9, STACK, 4000, new byte[1])));
                host.run();
            }
            assertEquals(60, host.received.size());
        }
    }

    @Test
    void dropsWhatIsTooShortOrSumsUpWrong() {
        byte[] echo = Bytes.icmp(8, 0, 1, new byte[4]);
        try (RawHost host = RawHost.known()) {
            for (int length = 0; length < 8; length++) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.slice(echo, 0, length)));
            }
            echo[9] ^= 4;
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, echo));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(5, 1, FAR, new byte[28])));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(0, 0, 1, new byte[28])));
            host.run();
            assertEquals(8, host.drops(DropReason.ICMP_TRUNCATED));
            assertEquals(1, host.drops(DropReason.ICMP_CHECKSUM));
            assertEquals(2, host.drops(DropReason.ICMP_IGNORED));
            assertEquals(List.of(), host.received);
        }
    }

    @Test
    void handsAnErrorToTheSocketThatItIsAbout() {
        try (RawHost host = RawHost.known()) {
            List<Integer> ports = new ArrayList<>();
            host.stack.openUdp(5000, new UdpHandler() {
                @Override
                public void onDatagram(UdpSocket at, int source, int port, ByteBuf data, int offset, int length) {}

                @Override
                public void onUnreachable(UdpSocket at, int destination, int port) {
                    ports.add(port);
                }
            });
            byte[] sent = Bytes.ipv4(STACK, FAR, 17, Bytes.udp(STACK, 5000, FAR, 53, new byte[0]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 3, 0, sent)));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(11, 0, 0, sent)));
            host.run();
            assertEquals(List.of(53, 53), ports);

            byte[] otherPort = Bytes.ipv4(STACK, FAR, 17, Bytes.udp(STACK, 5001, FAR, 53, new byte[0]));
            byte[] otherHost = Bytes.ipv4(PEER, FAR, 17, Bytes.udp(PEER, 5000, FAR, 53, new byte[0]));
            byte[] later = Bytes.ipv4(STACK, FAR, 17, 1, 185, Bytes.udp(STACK, 5000, FAR, 53, new byte[0]));
            for (byte[] quote : new byte[][] {otherPort, otherHost, later}) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 3, 0, quote)));
            }
            for (int length = 0; length < 28; length++) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 3, 0, Bytes.slice(sent, 0, length))));
            }
            host.run();
            assertEquals(List.of(53, 53), ports);
            assertEquals(3, host.drops(DropReason.ICMP_QUOTE));
            assertEquals(28, host.drops(DropReason.ICMP_TRUNCATED));
            assertEquals(List.of(), host.received, "errors are never answered by errors");
        }
    }

    @Test
    void narrowsThePathThatAnErrorTellsOf() {
        try (RawHost host = RawHost.known()) {
            UdpSocket socket = host.stack.openUdp(5000, (at, source, port, data, offset, length) -> {});
            byte[] sent = Bytes.ipv4(STACK, FAR, 17, Bytes.udp(STACK, 5000, FAR, 53, new byte[1400]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 4, 600, Bytes.slice(sent, 0, 28))));
            host.run();
            assertEquals(600, host.stack.output().mtuBytes(FAR));
            assertEquals(1500, host.stack.output().mtuBytes(PEER));
            assertTrue(socket.send(FAR, 53, Bytes.wrap(new byte[1000])));
            host.run();
            assertEquals(2, host.received.size(), "fragments");
            host.received.clear();

            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 4, 68, Bytes.slice(sent, 0, 28))));
            host.run();
            assertEquals(552, host.stack.output().mtuBytes(FAR), "less is not believed");
            host.simulation.runFor(601 * SECOND_NS);
            assertEquals(1500, host.stack.output().mtuBytes(FAR));
        }
    }

    @Test
    void guessesWhatOldRoutersDoNotTell() {
        try (RawHost host = RawHost.known()) {
            host.stack.openUdp(5000, (at, source, port, data, offset, length) -> {});
            byte[] sent = Bytes.ipv4(STACK, FAR, 17, Bytes.udp(STACK, 5000, FAR, 53, new byte[1400]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 4, 0, Bytes.slice(sent, 0, 28))));
            host.run();
            assertEquals(1006, host.stack.output().mtuBytes(FAR));
            host.sendIp(Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 4, 1450, Bytes.slice(sent, 0, 28))));
            host.run();
            assertEquals(1, host.drops(DropReason.ICMP_QUOTE), "a packet that fits was not too big");
        }
    }
}
