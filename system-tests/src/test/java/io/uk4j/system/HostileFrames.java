package io.uk4j.system;

import io.uk4j.core.net.MacAddress;
import io.uk4j.testkit.FrameBuilder;
import io.uk4j.testkit.Packets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Frames that a host can do without, from a station that the link does not have.
 *
 * @param target the hardware address of whom they shall trouble
 */
record HostileFrames(MacAddress target) {
    private static final String FRAMES = "uk_net_frames_dropped_total";
    private static final String PACKETS = "uk_ip_packets_dropped_total";
    private static final String SEGMENTS = "uk_tcp_segments_dropped_total";

    private static final MacAddress STATION = MacAddress.parse("02:00:00:00:66:66");
    private static final MacAddress ANOTHER = MacAddress.parse("02:00:00:00:66:67");
    private static final MacAddress GROUP = MacAddress.parse("01:00:5e:00:00:01");
    private static final MacAddress EVERYBODY = MacAddress.parse("ff:ff:ff:ff:ff:ff");
    private static final String SOURCE = "10.77.0.66";
    private static final int SYN_AND_FIN = Packets.SYN | Packets.FIN;

    /**
     * A kind of frame.
     *
     * @param what is wrong with it
     * @param counter what counts it
     * @param reason the counter's label
     */
    record Kind(String what, String counter, String reason, FrameBuilder builder) {
        @Override
        public String toString() {
            return what + " (" + reason + ")";
        }
    }

    /** One kind for each thing that can be wrong on a layer. */
    List<Kind> kinds() {
        return List.of(
                frame("it is for another station", "frame_not_for_us", udp(STATION, ANOTHER)),
                frame("it is for a group", "frame_multicast", udp(STATION, GROUP)),
                frame("it comes from a group", "frame_source", udp(GROUP, target)),
                frame("its source is the target", "frame_source", udp(target, target)),
                frame("nobody knows its type", "frame_type", udp().type(0x88b5)),
                frame("its ARP is cut off", "arp_malformed", arp(STATION).truncateTo(14 + 20)),
                frame("its ARP speaks for another station", "arp_sender", arp(ANOTHER)),
                packet("its header is cut off", "ip_truncated", udp().truncateTo(14 + 19)),
                packet("it says more bytes than there are", "ip_truncated", udp().totalBytes(1500)),
                packet("its version is 6", "ip_version", udp().version(6)),
                packet("its header is too short", "ip_header_length", udp().headerWords(4)),
                packet("its header says more than the whole", "ip_total_length", udp().totalBytes(19)),
                packet("its header checksum is wrong", "ip_checksum", udp().badIpChecksum()),
                packet("its options run over the header", "ip_options", udp().ipOptions(bytes(7, 39, 4, 0))),
                packet("it names its route", "ip_source_route", udp().ipOptions(bytes(131, 7, 4, 10, 77, 0, 1, 0))),
                packet("it comes from loopback", "ip_source", udp().ipv4("127.0.0.1", TapBed.APPLIANCE)),
                packet("it comes from a group", "ip_source", udp().ipv4("224.0.0.1", TapBed.APPLIANCE)),
                packet("it comes from the target", "ip_source", udp().ipv4(TapBed.APPLIANCE, TapBed.APPLIANCE)),
                packet("it is for another host", "ip_not_for_us", udp().ipv4(SOURCE, "10.77.0.99")),
                packet("it is for one, in a frame to all", "ip_broadcast", udp(STATION, EVERYBODY)),
                packet(
                        "nobody speaks its protocol",
                        "ip_protocol",
                        ip().protocol(99).payload(bytes(1, 2, 3))),
                packet("its ICMP is cut off", "icmp_truncated", ip().protocol(1).payload(bytes(8, 0, 0))),
                packet(
                        "its ICMP checksum is wrong",
                        "icmp_checksum",
                        ip().icmp(8, 0, 1).badChecksum()),
                packet(
                        "its ICMP redirects",
                        "icmp_ignored",
                        ip().icmp(5, 1, 0x0a4d0063).payload(new byte[28])),
                packet(
                        "its ICMP quotes what was never sent",
                        "icmp_quote",
                        ip().icmp(3, 3, 0).payload(new byte[28])),
                packet(
                        "its UDP header is cut off",
                        "udp_truncated",
                        ip().protocol(17).payload(bytes(1, 2, 3, 4))),
                packet("its UDP says less than a header", "udp_truncated", udp().udpBytes(7)),
                packet("its UDP says more than there is", "udp_truncated", udp().udpBytes(1000)),
                packet("its UDP checksum is wrong", "udp_checksum", udp().badChecksum()),
                packet("nobody listens at its UDP port", "udp_no_port", udp()),
                packet("its fragment is no multiple of 8", "fragment_malformed", fragment(1, 8, true, 9)),
                packet("its fragment ends behind 65,535", "fragment_malformed", fragment(1, 65_528, false, 16)),
                packet(
                        "its fragment hides TCP's flags",
                        "fragment_malformed",
                        fragment(1, 0, true, 8).protocol(6)),
                segment("it is cut off", "malformed", ip().protocol(6).payload(new byte[19])),
                segment(
                        "its header is too short",
                        "malformed",
                        tcp(80, Packets.SYN).tcpHeaderWords(4)),
                segment(
                        "its header says more than there is",
                        "malformed",
                        tcp(80, Packets.SYN).tcpHeaderWords(15)),
                segment(
                        "its options run over its header",
                        "malformed",
                        tcp(80, Packets.SYN).tcpOptions(bytes(3, 3, 7, 2))),
                segment(
                        "its checksum is wrong",
                        "checksum",
                        tcp(80, Packets.SYN).badChecksum()),
                segment("nobody listens at its port", "no_listener", tcp(81, Packets.SYN)),
                segment("it is a reset of nothing", "no_listener", tcp(80, Packets.RST)),
                segment("it belongs to no connection", "not_syn", tcp(80, Packets.ACK)),
                segment("it has no flag", "not_syn", tcp(80, 0)));
    }

    private static Kind frame(String what, String reason, FrameBuilder builder) {
        return new Kind("frame: " + what, FRAMES, reason, builder);
    }

    private static Kind packet(String what, String reason, FrameBuilder builder) {
        return new Kind("packet: " + what, PACKETS, reason, builder);
    }

    private static Kind segment(String what, String reason, FrameBuilder builder) {
        return new Kind("segment: " + what, SEGMENTS, reason, builder);
    }

    private FrameBuilder ip() {
        return FrameBuilder.ethernet(STATION, target).ipv4(SOURCE, TapBed.APPLIANCE);
    }

    private FrameBuilder udp() {
        return udp(STATION, target);
    }

    private static FrameBuilder udp(MacAddress from, MacAddress to) {
        return FrameBuilder.ethernet(from, to)
                .ipv4(SOURCE, TapBed.APPLIANCE)
                .udp(5000, 5001)
                .payload(bytes(1, 2, 3, 4));
    }

    private FrameBuilder tcp(int port, int flags) {
        return ip().tcp(5000, port).seq(1).ack(1).flags(flags);
    }

    private FrameBuilder arp(MacAddress sender) {
        return FrameBuilder.ethernet(STATION, target).arp(2, sender, SOURCE, target, TapBed.APPLIANCE);
    }

    /** A part of a UDP datagram to a port where nobody listens. */
    byte[] part(int identification, int offsetBytes, boolean more, int bytes) {
        return fragment(identification, offsetBytes, more, bytes).build();
    }

    private FrameBuilder fragment(int identification, int offsetBytes, boolean more, int bytes) {
        byte[] datagram = new byte[offsetBytes + bytes];
        if (offsetBytes == 0) {
            // From 5000 to 5001, 48 bytes long, without checksum.
            System.arraycopy(bytes(0x13, 0x88, 0x13, 0x89, 0, 48, 0, 0), 0, datagram, 0, Math.min(8, bytes));
        }
        return ip().protocol(17)
                .identification(identification)
                .fragment(offsetBytes, more)
                .payload(Arrays.copyOfRange(datagram, offsetBytes, datagram.length));
    }

    /** A frame that is nearly right, broken somewhere behind its addresses; or noise. */
    byte[] garbage(Random random) {
        byte[] frame = switch (random.nextInt(5)) {
            case 0 -> arp(STATION).build();
            case 1 -> ip().icmp(8, 0, random.nextInt()).payload(noise(random)).build();
            case 2 -> udp().payload(noise(random)).build();
            case 3 ->
                tcp(80, random.nextInt(64) & ~SYN_AND_FIN)
                        .payload(noise(random))
                        .build();
            default ->
                FrameBuilder.ethernet(STATION, target)
                        .type(0x0800)
                        .payload(noise(random))
                        .build();
        };
        for (int damages = random.nextInt(4); damages >= 0; damages--) {
            frame[12 + random.nextInt(frame.length - 12)] ^= (byte) (1 + random.nextInt(255));
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 13)) : frame;
    }

    private static byte[] noise(Random random) {
        byte[] noise = new byte[1 + random.nextInt(1400)];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
