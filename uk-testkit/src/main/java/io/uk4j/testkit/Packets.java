package io.uk4j.testkit;

import io.uk4j.core.net.MacAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Matchers for frames, one for each layer, with matchers for its fields. A layer with a checksum matches only where the
 * checksum is right.
 */
@SuppressWarnings("varargs") // the arrays are only read
public final class Packets {
    /** EtherType of IPv4. */
    public static final int IPV4 = 0x0800;

    /** EtherType of ARP. */
    public static final int ARP = 0x0806;

    /** IP protocol number of ICMP. */
    public static final int ICMP = 1;

    /** IP protocol number of TCP. */
    public static final int TCP = 6;

    /** IP protocol number of UDP. */
    public static final int UDP = 17;

    /** TCP flag FIN. */
    public static final int FIN = 1;

    /** TCP flag SYN. */
    public static final int SYN = 2;

    /** TCP flag RST. */
    public static final int RST = 4;

    /** TCP flag PSH. */
    public static final int PSH = 8;

    /** TCP flag ACK. */
    public static final int ACK = 16;

    private Packets() {}

    private static @Nullable String equal(String field, @Nullable Object expected, @Nullable Object actual) {
        return Objects.equals(expected, actual) ? null : field + ": expected " + expected + ", found " + actual;
    }

    private static <L> FrameMatcher layer(
            String name,
            Function<DecodedFrame, @Nullable L> from,
            Function<L, @Nullable String> check,
            List<FieldMatcher<L>> fields) {
        return frame -> {
            L layer = from.apply(frame);
            if (layer == null) {
                return "expected " + name + ", found none";
            }
            String bad = check.apply(layer);
            if (bad != null) {
                return bad;
            }
            for (FieldMatcher<L> field : fields) {
                String mismatch = field.mismatch(layer, frame);
                if (mismatch != null) {
                    return name + " " + mismatch;
                }
            }
            return null;
        };
    }

    // --- Ethernet

    /** Matches an Ethernet frame. */
    @SafeVarargs
    public static FrameMatcher ethernet(FieldMatcher<DecodedFrame.Ethernet>... fields) {
        return layer("Ethernet", DecodedFrame::ethernet, _ -> null, List.of(fields));
    }

    /** The EtherType. */
    public static FieldMatcher<DecodedFrame.Ethernet> type(int expected) {
        return (layer, _) -> equal("type", hex(expected), hex(layer.type()));
    }

    /** The source address. */
    public static FieldMatcher<DecodedFrame.Ethernet> fromMac(MacAddress expected) {
        return (layer, _) -> equal("source", expected, layer.source());
    }

    /** The destination address. */
    public static FieldMatcher<DecodedFrame.Ethernet> toMac(MacAddress expected) {
        return (layer, _) -> equal("destination", expected, layer.destination());
    }

    // --- ARP

    /** Matches ARP for IPv4 over Ethernet. */
    @SafeVarargs
    public static FrameMatcher arp(FieldMatcher<DecodedFrame.Arp>... fields) {
        return layer("ARP", DecodedFrame::arp, _ -> null, List.of(fields));
    }

    /** The operation: 1 request, 2 reply. */
    public static FieldMatcher<DecodedFrame.Arp> operation(int expected) {
        return (layer, _) -> equal("operation", expected, layer.operation());
    }

    /** Who sends: hardware address, and IPv4 address as text. */
    public static FieldMatcher<DecodedFrame.Arp> sender(MacAddress mac, String address) {
        return (layer, _) ->
                equal("sender", mac + " " + address, layer.senderMac() + " " + Ipv4Text.format(layer.senderAddress()));
    }

    /** Whose hardware address is asked for: an IPv4 address as text. */
    public static FieldMatcher<DecodedFrame.Arp> target(String address) {
        return (layer, _) -> equal("target", address, Ipv4Text.format(layer.targetAddress()));
    }

    // --- IPv4

    /** Matches an IPv4 packet with a right header checksum. */
    @SafeVarargs
    public static FrameMatcher ipv4(FieldMatcher<DecodedFrame.Ipv4>... fields) {
        return layer(
                "IPv4",
                DecodedFrame::ipv4,
                layer -> layer.checksumValid() ? null : "IPv4 checksum: expected a right one, found a wrong one",
                List.of(fields));
    }

    /** The source address. */
    public static FieldMatcher<DecodedFrame.Ipv4> source(String address) {
        return (layer, _) -> equal("source", address, Ipv4Text.format(layer.source()));
    }

    /** The destination address. */
    public static FieldMatcher<DecodedFrame.Ipv4> destination(String address) {
        return (layer, _) -> equal("destination", address, Ipv4Text.format(layer.destination()));
    }

    /** The time to live. */
    public static FieldMatcher<DecodedFrame.Ipv4> ttl(int expected) {
        return (layer, _) -> equal("ttl", expected, layer.ttl());
    }

    /** The protocol number. */
    public static FieldMatcher<DecodedFrame.Ipv4> protocol(int expected) {
        return (layer, _) -> equal("protocol", expected, layer.protocol());
    }

    /** The total length in bytes. */
    public static FieldMatcher<DecodedFrame.Ipv4> totalBytes(int expected) {
        return (layer, _) -> equal("total length", expected, layer.totalBytes());
    }

    /** The octet of DSCP and ECN. */
    public static FieldMatcher<DecodedFrame.Ipv4> trafficClass(int expected) {
        return (layer, _) -> equal("traffic class", hex(expected), hex(layer.trafficClass()));
    }

    /** Whether routers may not fragment it. */
    public static FieldMatcher<DecodedFrame.Ipv4> dontFragment(boolean expected) {
        return (layer, _) -> equal("don't fragment", expected, layer.dontFragment());
    }

    /** Where the fragment lies, in bytes, and whether more follow. */
    public static FieldMatcher<DecodedFrame.Ipv4> fragment(int offset, boolean more) {
        return (layer, _) -> equal(
                "fragment", offset + (more ? "+" : ""), layer.fragmentOffset() + (layer.moreFragments() ? "+" : ""));
    }

    // --- ICMP

    /** Matches an ICMP message with a right checksum. */
    @SafeVarargs
    public static FrameMatcher icmp(FieldMatcher<DecodedFrame.Icmp>... fields) {
        return layer(
                "ICMP",
                DecodedFrame::icmp,
                layer -> layer.checksumValid() ? null : "ICMP checksum: expected a right one, found a wrong one",
                List.of(fields));
    }

    /** Type and code. */
    public static FieldMatcher<DecodedFrame.Icmp> message(int type, int code) {
        return (layer, _) -> equal("type and code", type + "/" + code, layer.type() + "/" + layer.code());
    }

    /** Identifier and sequence number of an echo. */
    public static FieldMatcher<DecodedFrame.Icmp> echo(int identifier, int sequence) {
        return (layer, _) -> equal("echo", hex(identifier << 16 | sequence), hex(layer.rest()));
    }

    // --- UDP

    /** Matches a UDP datagram with a right checksum, or none. */
    @SafeVarargs
    public static FrameMatcher udp(FieldMatcher<DecodedFrame.Udp>... fields) {
        return layer(
                "UDP",
                DecodedFrame::udp,
                layer -> layer.checksumValid() ? null : "UDP checksum: expected a right one, found a wrong one",
                List.of(fields));
    }

    /** Source and destination port of a datagram. */
    public static FieldMatcher<DecodedFrame.Udp> udpPorts(int source, int destination) {
        return (layer, _) ->
                equal("ports", source + ">" + destination, layer.sourcePort() + ">" + layer.destinationPort());
    }

    // --- TCP

    /** Matches a TCP segment with a right checksum. */
    @SafeVarargs
    public static FrameMatcher tcp(FieldMatcher<DecodedFrame.Tcp>... fields) {
        return layer(
                "TCP",
                DecodedFrame::tcp,
                layer -> layer.checksumValid() ? null : "TCP checksum: expected a right one, found a wrong one",
                List.of(fields));
    }

    /** Source and destination port of a segment. */
    public static FieldMatcher<DecodedFrame.Tcp> ports(int source, int destination) {
        return (layer, _) ->
                equal("ports", source + ">" + destination, layer.sourcePort() + ">" + layer.destinationPort());
    }

    /** Exactly these flags. */
    public static FieldMatcher<DecodedFrame.Tcp> flags(int expected) {
        return (layer, _) -> equal("flags", letters(expected), layer.flagLetters());
    }

    /** At least these flags. */
    public static FieldMatcher<DecodedFrame.Tcp> hasFlags(int expected) {
        return (layer, _) -> (layer.flags() & expected) == expected
                ? null
                : "flags: expected at least " + letters(expected) + ", found " + layer.flagLetters();
    }

    /** None of these flags. */
    public static FieldMatcher<DecodedFrame.Tcp> noFlags(int unwanted) {
        return (layer, _) -> (layer.flags() & unwanted) == 0
                ? null
                : "flags: expected none of " + letters(unwanted) + ", found " + layer.flagLetters();
    }

    /** The sequence number, its low 32 bits. */
    public static FieldMatcher<DecodedFrame.Tcp> seq(long expected) {
        return (layer, _) -> equal(
                "sequence number",
                Integer.toUnsignedString((int) expected),
                Integer.toUnsignedString(layer.sequence()));
    }

    /** The acknowledgement number, its low 32 bits. */
    public static FieldMatcher<DecodedFrame.Tcp> ack(long expected) {
        return (layer, _) -> equal(
                "acknowledgement number",
                Integer.toUnsignedString((int) expected),
                Integer.toUnsignedString(layer.acknowledgement()));
    }

    /** The window as it stands in the header, not scaled. */
    public static FieldMatcher<DecodedFrame.Tcp> window(int expected) {
        return (layer, _) -> equal("window", expected, layer.window());
    }

    /** The maximum segment size option; -1 for none. */
    public static FieldMatcher<DecodedFrame.Tcp> mss(int expected) {
        return (layer, _) -> equal("MSS option", expected, layer.mss());
    }

    /** The window scale option; -1 for none. */
    public static FieldMatcher<DecodedFrame.Tcp> windowScale(int expected) {
        return (layer, _) -> equal("window scale option", expected, layer.windowScale());
    }

    /** Whether an option of this kind is there. */
    public static FieldMatcher<DecodedFrame.Tcp> option(int kind, boolean present) {
        return (layer, _) -> equal("option " + kind, present, layer.option(kind) != null);
    }

    // --- any layer

    /** What follows the innermost header. */
    public static <L> FieldMatcher<L> payload(byte[] expected) {
        return (_, frame) -> {
            byte[] actual = frame.payload();
            int at = Arrays.mismatch(expected, actual);
            if (at < 0) {
                return null;
            }
            return "payload: expected " + expected.length + " bytes, found " + actual.length + "; first difference at "
                    + at + ": expected " + around(expected, at) + ", found " + around(actual, at);
        };
    }

    /** How many bytes follow the innermost header. */
    public static <L> FieldMatcher<L> payloadBytes(int expected) {
        return (_, frame) -> equal("payload length", expected, frame.payload().length);
    }

    private static String around(byte[] bytes, int at) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes, Math.min(at, bytes.length), Math.min(at + 8, bytes.length));
    }

    private static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }

    private static String letters(int flags) {
        return new DecodedFrame.Tcp(0, 0, 0, 0, 20, flags, 0, 0, true, new byte[0]).flagLetters();
    }
}
