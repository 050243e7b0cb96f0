package io.uk4j.testkit;

import io.uk4j.core.net.MacAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * An Ethernet frame taken apart, for assertions and for people. It shares no code with the stack on purpose: one mistake in
 * both would cancel out.
 *
 * <p>It never refuses a frame: layers that are cut off or unknown are null, and the rest is {@link #payload}.
 *
 * @param ethernet the Ethernet header (IEEE 802.3), or null if the frame is too short for it
 * @param arp ARP for IPv4 over Ethernet (RFC 826), or null
 * @param ipv4 the IPv4 header (RFC 791), or null
 * @param icmp the ICMP header (RFC 792), or null
 * @param udp the UDP header (RFC 768), or null
 * @param tcp the TCP header (RFC 9293, section 3.1), or null
 * @param payload what follows the innermost header, without Ethernet padding
 * @param lengthBytes how long the frame is in all
 */
@SuppressWarnings("ArrayRecordComponent") // frames are taken apart, not compared as a whole
public record DecodedFrame(
        @Nullable Ethernet ethernet,
        @Nullable Arp arp,
        @Nullable Ipv4 ipv4,
        @Nullable Icmp icmp,
        @Nullable Udp udp,
        @Nullable Tcp tcp,
        byte[] payload,
        int lengthBytes) {

    /** An Ethernet header. */
    public record Ethernet(MacAddress destination, MacAddress source, int type) {}

    /** ARP, addresses as in the packet; IPv4 addresses as 32 bits. */
    public record Arp(
            int operation, MacAddress senderMac, int senderAddress, MacAddress targetMac, int targetAddress) {}

    /** An IPv4 header; {@code fragmentOffset} in bytes. */
    public record Ipv4(
            int headerBytes,
            int trafficClass,
            int totalBytes,
            int identification,
            boolean dontFragment,
            boolean moreFragments,
            int fragmentOffset,
            int ttl,
            int protocol,
            boolean checksumValid,
            int source,
            int destination) {}

    /** An ICMP header; {@code rest} is its second word. */
    public record Icmp(int type, int code, boolean checksumValid, int rest) {}

    /** A UDP header; no checksum at all counts as valid. */
    public record Udp(int sourcePort, int destinationPort, int totalBytes, boolean checksumValid) {}

    /** A TCP header; sequence numbers and window as they stand in it. */
    public record Tcp(
            int sourcePort,
            int destinationPort,
            int sequence,
            int acknowledgement,
            int headerBytes,
            int flags,
            int window,
            int urgent,
            boolean checksumValid,
            byte[] options) {

        /**
         * Finds an option.
         *
         * @param kind its kind (IANA TCP option numbers): 2 MSS, 3 window scale, 4 SACK permitted, 5 SACK, 8 timestamps
         * @return its bytes without kind and length, or null if it is not there
         */
        public byte @Nullable [] option(int kind) {
            int at = 0;
            while (at < options.length && options[at] != 0) {
                if (options[at] == 1) {
                    at++;
                    continue;
                }
                int length = at + 1 < options.length ? options[at + 1] & 0xff : 0;
                if (length < 2 || at + length > options.length) {
                    return null;
                }
                if ((options[at] & 0xff) == kind) {
                    return Arrays.copyOfRange(options, at + 2, at + length);
                }
                at += length;
            }
            return null;
        }

        /** The maximum segment size option, or -1. */
        public int mss() {
            byte[] value = option(2);
            return value != null && value.length == 2 ? u16(value, 0) : -1;
        }

        /** The window scale option (RFC 7323), or -1. */
        public int windowScale() {
            byte[] value = option(3);
            return value != null && value.length == 1 ? value[0] & 0xff : -1;
        }

        /** The flags as letters, such as {@code SA}. */
        public String flagLetters() {
            StringBuilder letters = new StringBuilder();
            for (int i = 0; i < 8; i++) {
                if ((flags & 1 << i) != 0) {
                    letters.append("FSRPAUEC".charAt(i));
                }
            }
            return letters.toString();
        }
    }

    /**
     * Takes a frame apart.
     *
     * @param frame from its Ethernet header on; not kept
     */
    public static DecodedFrame decode(byte[] frame) {
        int end = frame.length;
        if (end < 14) {
            return new DecodedFrame(null, null, null, null, null, null, frame.clone(), end);
        }
        Ethernet ethernet = new Ethernet(mac(frame, 0), mac(frame, 6), u16(frame, 12));
        if (ethernet.type == 0x0806 && end >= 42 && i32(frame, 14) == 0x0001_0800 && u16(frame, 18) == 0x0604) {
            Arp arp = new Arp(u16(frame, 20), mac(frame, 22), i32(frame, 28), mac(frame, 32), i32(frame, 38));
            return new DecodedFrame(ethernet, arp, null, null, null, null, new byte[0], end);
        }
        if (ethernet.type != 0x0800 || end < 34 || frame[14] >>> 4 != 4) {
            return new DecodedFrame(ethernet, null, null, null, null, null, Arrays.copyOfRange(frame, 14, end), end);
        }
        return decodeIpv4(frame, ethernet);
    }

    private static DecodedFrame decodeIpv4(byte[] frame, Ethernet ethernet) {
        int headerBytes = (frame[14] & 0xf) * 4;
        int totalBytes = u16(frame, 16);
        int payloadAt = Math.min(14 + Math.max(20, headerBytes), frame.length);
        int end = Math.max(payloadAt, Math.min(14 + totalBytes, frame.length));
        Ipv4 ipv4 = new Ipv4(
                headerBytes,
                frame[15] & 0xff,
                totalBytes,
                u16(frame, 18),
                (frame[20] & 0x40) != 0,
                (frame[20] & 0x20) != 0,
                (u16(frame, 20) & 0x1fff) * 8,
                frame[22] & 0xff,
                frame[23] & 0xff,
                InternetChecksum.sum(frame, 14, payloadAt, 0) == 0xffff,
                i32(frame, 26),
                i32(frame, 30));
        int bytes = end - payloadAt;
        boolean whole = !ipv4.moreFragments && ipv4.fragmentOffset == 0;
        Icmp icmp = null;
        Udp udp = null;
        Tcp tcp = null;
        int innerAt = payloadAt;
        if (ipv4.fragmentOffset == 0) {
            int pseudo = InternetChecksum.pseudoHeader(ipv4.source, ipv4.destination, ipv4.protocol, bytes);
            boolean valid = !whole || InternetChecksum.sum(frame, payloadAt, end, pseudo) == 0xffff;
            if (ipv4.protocol == 1 && bytes >= 8) {
                boolean icmpValid = !whole || InternetChecksum.sum(frame, payloadAt, end, 0) == 0xffff;
                icmp = new Icmp(
                        frame[payloadAt] & 0xff, frame[payloadAt + 1] & 0xff, icmpValid, i32(frame, payloadAt + 4));
                innerAt += 8;
            } else if (ipv4.protocol == 17 && bytes >= 8) {
                boolean none = u16(frame, payloadAt + 6) == 0;
                udp = new Udp(
                        u16(frame, payloadAt), u16(frame, payloadAt + 2), u16(frame, payloadAt + 4), none || valid);
                innerAt += 8;
            } else if (ipv4.protocol == 6 && bytes >= 20) {
                int tcpHeader = Math.clamp((frame[payloadAt + 12] >>> 4 & 0xf) * 4L, 20, bytes);
                tcp = new Tcp(
                        u16(frame, payloadAt),
                        u16(frame, payloadAt + 2),
                        i32(frame, payloadAt + 4),
                        i32(frame, payloadAt + 8),
                        tcpHeader,
                        frame[payloadAt + 13] & 0xff,
                        u16(frame, payloadAt + 14),
                        u16(frame, payloadAt + 18),
                        valid,
                        Arrays.copyOfRange(frame, payloadAt + 20, payloadAt + tcpHeader));
                innerAt += tcpHeader;
            }
        }
        return new DecodedFrame(
                ethernet, null, ipv4, icmp, udp, tcp, Arrays.copyOfRange(frame, innerAt, end), frame.length);
    }

    /** One line, in the manner of packet sniffers. */
    @Override
    public String toString() {
        if (ethernet == null) {
            return lengthBytes + " bytes, too short for Ethernet: "
                    + HexFormat.of().formatHex(payload);
        }
        StringBuilder text = new StringBuilder();
        text.append(ethernet.source).append(" > ").append(ethernet.destination);
        if (arp != null) {
            text.append(arp.operation == 1 ? " ARP who-has " : arp.operation == 2 ? " ARP reply to " : " ARP ? ")
                    .append(Ipv4Text.format(arp.targetAddress))
                    .append(" tell ")
                    .append(Ipv4Text.format(arp.senderAddress))
                    .append(" at ")
                    .append(arp.senderMac);
        } else if (ipv4 == null) {
            text.append(" type 0x").append(HexFormat.of().toHexDigits((short) ethernet.type));
        } else {
            describeIpv4(text, ipv4);
        }
        return text.append(", payload ")
                .append(payload.length)
                .append(" of ")
                .append(lengthBytes)
                .append(" bytes")
                .toString();
    }

    private void describeIpv4(StringBuilder text, Ipv4 ip) {
        text.append(" IPv4 ").append(Ipv4Text.format(ip.source)).append(" > ").append(Ipv4Text.format(ip.destination));
        text.append(" ttl ")
                .append(ip.ttl)
                .append(" protocol ")
                .append(ip.protocol)
                .append(" id ")
                .append(ip.identification);
        if (ip.moreFragments || ip.fragmentOffset > 0) {
            text.append(" fragment at ")
                    .append(ip.fragmentOffset)
                    .append(ip.moreFragments ? ", more follow" : ", the last");
        }
        if (!ip.checksumValid) {
            text.append(" (bad IPv4 checksum)");
        }
        if (icmp != null) {
            text.append(" ICMP type ").append(icmp.type).append(" code ").append(icmp.code);
            text.append(icmp.checksumValid ? "" : " (bad ICMP checksum)");
        }
        if (udp != null) {
            text.append(" UDP ").append(udp.sourcePort).append(" > ").append(udp.destinationPort);
            text.append(udp.checksumValid ? "" : " (bad UDP checksum)");
        }
        if (tcp != null) {
            text.append(" TCP ").append(tcp.sourcePort).append(" > ").append(tcp.destinationPort);
            text.append(" [").append(tcp.flagLetters()).append("] seq ").append(Integer.toUnsignedString(tcp.sequence));
            text.append(" ack ").append(Integer.toUnsignedString(tcp.acknowledgement));
            text.append(" win ").append(tcp.window);
            if (tcp.options.length > 0) {
                text.append(" options ").append(HexFormat.of().formatHex(tcp.options));
            }
            text.append(tcp.checksumValid ? "" : " (bad TCP checksum)");
        }
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static int i32(byte[] bytes, int at) {
        return u16(bytes, at) << 16 | u16(bytes, at + 2);
    }

    private static MacAddress mac(byte[] bytes, int at) {
        return new MacAddress((long) u16(bytes, at) << 32 | (i32(bytes, at + 2) & 0xffff_ffffL));
    }
}
