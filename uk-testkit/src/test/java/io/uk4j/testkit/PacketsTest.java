package io.uk4j.testkit;

import static io.uk4j.testkit.Packets.ACK;
import static io.uk4j.testkit.Packets.FIN;
import static io.uk4j.testkit.Packets.IPV4;
import static io.uk4j.testkit.Packets.SYN;
import static io.uk4j.testkit.Packets.TCP;
import static io.uk4j.testkit.Packets.ack;
import static io.uk4j.testkit.Packets.arp;
import static io.uk4j.testkit.Packets.destination;
import static io.uk4j.testkit.Packets.echo;
import static io.uk4j.testkit.Packets.ethernet;
import static io.uk4j.testkit.Packets.flags;
import static io.uk4j.testkit.Packets.fragment;
import static io.uk4j.testkit.Packets.hasFlags;
import static io.uk4j.testkit.Packets.icmp;
import static io.uk4j.testkit.Packets.ipv4;
import static io.uk4j.testkit.Packets.message;
import static io.uk4j.testkit.Packets.mss;
import static io.uk4j.testkit.Packets.noFlags;
import static io.uk4j.testkit.Packets.operation;
import static io.uk4j.testkit.Packets.option;
import static io.uk4j.testkit.Packets.payload;
import static io.uk4j.testkit.Packets.payloadBytes;
import static io.uk4j.testkit.Packets.ports;
import static io.uk4j.testkit.Packets.protocol;
import static io.uk4j.testkit.Packets.sender;
import static io.uk4j.testkit.Packets.seq;
import static io.uk4j.testkit.Packets.source;
import static io.uk4j.testkit.Packets.target;
import static io.uk4j.testkit.Packets.tcp;
import static io.uk4j.testkit.Packets.toMac;
import static io.uk4j.testkit.Packets.totalBytes;
import static io.uk4j.testkit.Packets.ttl;
import static io.uk4j.testkit.Packets.type;
import static io.uk4j.testkit.Packets.udp;
import static io.uk4j.testkit.Packets.udpPorts;
import static io.uk4j.testkit.Packets.window;
import static io.uk4j.testkit.Packets.windowScale;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.uk4j.core.net.MacAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PacketsTest {
    private static final MacAddress A = MacAddress.parse("02:00:00:00:00:0a");
    private static final MacAddress B = MacAddress.parse("02:00:00:00:00:0b");

    private static FrameBuilder toB() {
        return FrameBuilder.ethernet(A, B).ipv4("10.0.0.1", "10.0.0.2");
    }

    @Test
    void theChecksumIsThatOfTheRfc() {
        // RFC 1071, section 3: the sum of 00 01 f2 03 f4 f5 f6 f7 is ddf2 with its carries folded in.
        byte[] example = HexFormat.of().parseHex("0001f203f4f5f6f7");

        assertEquals(0xddf2, InternetChecksum.sum(example, 0, 8, 0));
    }

    @Test
    void buildsTheHeaderThatOthersPublished() {
        // A widely published IPv4 header with checksum b861.
        byte[] frame = FrameBuilder.ethernet(A, B)
                .ipv4("192.168.0.1", "192.168.0.199")
                .identification(0)
                .protocol(17)
                .payload(new byte[95])
                .build();

        byte[] header = new byte[20];
        System.arraycopy(frame, 14, header, 0, 20);
        assertArrayEquals(HexFormat.of().parseHex("45000073000040004011b861c0a80001c0a800c7"), header);
    }

    @Test
    void matchesASegmentFieldByField() {
        byte[] frame = toB().ttl(63)
                .tcp(4000, 80)
                .seq(0xffff_fff0L)
                .ack(7)
                .flags(SYN | ACK)
                .window(1000)
                .tcpOptions((byte) 2, (byte) 4, (byte) 5, (byte) 0xb4, (byte) 3, (byte) 3, (byte) 7)
                .payload((byte) 1, (byte) 2, (byte) 3)
                .padTo(70)
                .build();

        ethernet(type(IPV4), toMac(B))
                .and(ipv4(source("10.0.0.1"), destination("10.0.0.2"), ttl(63), protocol(TCP), totalBytes(51)))
                .and(tcp(ports(4000, 80), seq(0xffff_fff0L), ack(7), flags(SYN | ACK), window(1000)))
                .and(tcp(mss(1460), windowScale(7), option(8, false), hasFlags(SYN), noFlags(FIN)))
                .and(tcp(payload(new byte[] {1, 2, 3}), payloadBytes(3)))
                .assertMatches(frame);
    }

    @Test
    void matchesTheReadablePartOfABuffer() {
        byte[] frame = toB().udp(1, 2).build();

        udp(udpPorts(1, 2))
                .assertMatches(Unpooled.wrappedBuffer(new byte[5], frame).skipBytes(5));
    }

    @Test
    void matchesDatagramsAndMessages() {
        udp(udpPorts(53, 1024), payloadBytes(5))
                .assertMatches(toB().udp(53, 1024).payload(new byte[5]).build());
        udp(udpPorts(53, 1024))
                .assertMatches(
                        toB().udp(53, 1024).noUdpChecksum().payload(new byte[5]).build());
        icmp(message(8, 0), echo(0x1234, 1))
                .assertMatches(
                        toB().icmp(8, 0, 0x1234_0001).payload(new byte[7]).build());
        arp(operation(1), sender(A, "10.0.0.1"), target("10.0.0.2"))
                .assertMatches(FrameBuilder.ethernet(A, MacAddress.BROADCAST)
                        .arp(1, A, "10.0.0.1", new MacAddress(0), "10.0.0.2")
                        .padTo(60)
                        .build());
        ipv4(fragment(16, true))
                .assertMatches(toB().fragment(16, true)
                        .protocol(17)
                        .payload(new byte[8])
                        .build());
    }

    @Test
    void saysWhatDiffersAndShowsTheFrame() {
        byte[] frame = toB().tcp(4000, 80).seq(5).flags(SYN).build();

        AssertionError error =
                assertThrows(AssertionError.class, () -> tcp(seq(6)).assertMatches(frame));
        assertTrue(error.getMessage().contains("TCP sequence number: expected 6, found 5"), error.getMessage());
        assertTrue(error.getMessage().contains("10.0.0.1 > 10.0.0.2"), error.getMessage());
        assertTrue(error.getMessage().contains("[S] seq 5"), error.getMessage());
        error = assertThrows(AssertionError.class, () -> udp().assertMatches(frame));
        assertTrue(error.getMessage().contains("expected UDP, found none"), error.getMessage());
        error = assertThrows(
                AssertionError.class,
                () -> tcp(payload(new byte[] {1, 2}))
                        .assertMatches(toB().tcp(1, 2).payload((byte) 1).build()));
        assertTrue(error.getMessage().contains("first difference at 1"), error.getMessage());
    }

    @Test
    void aWrongChecksumMatchesNothing() {
        assertFalse(ipv4().matches(toB().badIpChecksum().tcp(1, 2).build()));
        assertFalse(tcp().matches(toB().tcp(1, 2).badChecksum().build()));
        assertFalse(udp().matches(toB().udp(1, 2).badChecksum().build()));
        assertFalse(icmp().matches(toB().icmp(8, 0, 1).badChecksum().build()));
    }

    @Test
    void everyFlippedBitOfASegmentIsSeen() {
        byte[] frame = toB().tcp(4000, 80).payload(new byte[9]).build();
        FrameMatcher same = ipv4().and(tcp());
        assertTrue(same.matches(frame));
        for (int bit = 14 * 8; bit < frame.length * 8; bit++) {
            byte[] flipped = frame.clone();
            flipped[bit >>> 3] ^= (byte) (1 << (bit & 7));
            assertFalse(same.matches(flipped), "bit " + bit);
        }
    }

    @Test
    void liesAreKept() {
        DecodedFrame frame = DecodedFrame.decode(
                toB().totalBytes(2000).udp(1, 2).udpBytes(99).build());

        assertEquals(2000, frame.ipv4() == null ? -1 : frame.ipv4().totalBytes());
        assertEquals(99, frame.udp() == null ? -1 : frame.udp().totalBytes());
        assertEquals(20, toB().udp(1, 2).truncateTo(20).build().length);
        assertEquals((byte) 0x4f, toB().headerWords(15).tcp(1, 2).build()[14]);
        assertEquals((byte) 0x65, toB().version(6).tcp(1, 2).build()[14]);
        assertEquals((byte) 0xf0, toB().tcp(1, 2).tcpHeaderWords(15).build()[46]);
    }

    @Test
    void decodesAnythingWithoutComplaint() {
        SplittableRandom random = new SplittableRandom(9);
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = toB().tcp(1, 2)
                    .tcpOptions(new byte[8])
                    .payload(new byte[10])
                    .build();
            for (int j = 0; j < 4; j++) {
                frame[random.nextInt(12, frame.length)] = (byte) random.nextInt();
            }
            byte[] cut = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
            DecodedFrame decoded = DecodedFrame.decode(cut);
            assertEquals(cut.length, decoded.lengthBytes());
            assertFalse(decoded.toString().isEmpty());
            if (decoded.tcp() != null) {
                assertTrue(decoded.tcp().mss() >= -1);
            }
        }
    }
}
