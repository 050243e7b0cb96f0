package io.uk4j.testkit;

import io.uk4j.core.net.MacAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes frames to inject. Lengths and checksums are right unless the test breaks them:
 *
 * {@snippet :
 * byte[] syn = FrameBuilder.ethernet(peerMac, hostMac).ipv4("10.0.0.2", "10.0.0.1").tcp(4000, 80).seq(1000).flags(SYN).build();
 * }
 *
 * <p>Thread rule: used by one thread. A builder may go on after {@link #build}.
 */
public final class FrameBuilder {
    private static final int ETHERNET_BYTES = 14;

    private final MacAddress source;
    private final MacAddress destination;
    private int type = 0x88b5;

    private int ipSource;
    private int ipDestination;
    private int trafficClass;
    private int identification = 1;
    private int fragmentWord = 0x4000;
    private int ttl = 64;
    private int protocol;
    private boolean rawTransport = true;
    private byte[] ipOptions = {};
    private int version = 4;
    private int totalBytesOverride = -1;
    private int headerWordsOverride = -1;
    private boolean badIpChecksum;

    private int sourcePort;
    private int destinationPort;
    private int udpBytesOverride = -1;
    private boolean noUdpChecksum;
    private int icmpWord;
    private int icmpRest;
    private int sequence;
    private int acknowledgement;
    private int flags;
    private int window = 65_535;
    private int urgent;
    private byte[] tcpOptions = {};
    private int tcpHeaderWordsOverride = -1;
    private boolean badChecksum;

    private byte @Nullable [] arp;
    private byte[] payload = {};
    private int paddedBytes;
    private int truncatedBytes = Integer.MAX_VALUE;

    private FrameBuilder(MacAddress source, MacAddress destination) {
        this.source = source;
        this.destination = destination;
    }

    /**
     * Begins a frame.
     *
     * @param source who sends it
     * @param destination who shall receive it
     */
    public static FrameBuilder ethernet(MacAddress source, MacAddress destination) {
        return new FrameBuilder(source, destination);
    }

    /** Sets the EtherType; {@link #arp} and {@link #ipv4} set theirs. */
    public FrameBuilder type(int newType) {
        type = newType;
        return this;
    }

    /**
     * Makes it ARP for IPv4 over Ethernet (RFC 826).
     *
     * @param operation 1 request, 2 reply
     */
    public FrameBuilder arp(
            int operation, MacAddress senderMac, String senderAddress, MacAddress targetMac, String targetAddress) {
        type = 0x0806;
        ByteBuffer packet = ByteBuffer.allocate(28);
        packet.putInt(0x0001_0800).putShort((short) 0x0604).putShort((short) operation);
        put(packet, senderMac).putInt(Ipv4Text.parse(senderAddress));
        put(packet, targetMac).putInt(Ipv4Text.parse(targetAddress));
        arp = packet.array();
        return this;
    }

    /** Makes it IPv4, with addresses as text, "don't fragment" set and a TTL of 64. */
    public FrameBuilder ipv4(String from, String to) {
        type = 0x0800;
        ipSource = Ipv4Text.parse(from);
        ipDestination = Ipv4Text.parse(to);
        return this;
    }

    /** Sets the octet of DSCP and ECN. */
    public FrameBuilder trafficClass(int octet) {
        trafficClass = octet;
        return this;
    }

    /** Sets the IPv4 identification. */
    public FrameBuilder identification(int newIdentification) {
        identification = newIdentification;
        return this;
    }

    /** Makes it a fragment: the offset in bytes, a multiple of 8, and whether more follow. Give the bytes as payload. */
    public FrameBuilder fragment(int offsetBytes, boolean more) {
        fragmentWord = offsetBytes / 8 | (more ? 0x2000 : 0);
        return this;
    }

    /** Sets the time to live. */
    public FrameBuilder ttl(int newTtl) {
        ttl = newTtl;
        return this;
    }

    /** Sets the protocol of a packet whose payload is given as it is; {@link #tcp}, {@link #udp}, {@link #icmp} set theirs. */
    public FrameBuilder protocol(int newProtocol) {
        protocol = newProtocol;
        rawTransport = true;
        return this;
    }

    /** Sets IPv4 options; their length must be a multiple of 4, at most 40. */
    public FrameBuilder ipOptions(byte... options) {
        ipOptions = options.clone();
        return this;
    }

    /** Lies about the IP version. */
    public FrameBuilder version(int newVersion) {
        version = newVersion;
        return this;
    }

    /** Lies about the IPv4 total length. */
    public FrameBuilder totalBytes(int bytes) {
        totalBytesOverride = bytes;
        return this;
    }

    /** Lies about the IPv4 header length, in words. */
    public FrameBuilder headerWords(int words) {
        headerWordsOverride = words;
        return this;
    }

    /** Breaks the IPv4 header checksum. */
    public FrameBuilder badIpChecksum() {
        badIpChecksum = true;
        return this;
    }

    /** Makes it UDP (RFC 768). */
    public FrameBuilder udp(int from, int to) {
        protocol = 17;
        rawTransport = false;
        sourcePort = from;
        destinationPort = to;
        return this;
    }

    /** Leaves the UDP checksum out. */
    public FrameBuilder noUdpChecksum() {
        noUdpChecksum = true;
        return this;
    }

    /** Lies about the UDP length. */
    public FrameBuilder udpBytes(int bytes) {
        udpBytesOverride = bytes;
        return this;
    }

    /** Makes it ICMP (RFC 792); {@code rest} is the header's second word. */
    public FrameBuilder icmp(int icmpType, int code, int rest) {
        protocol = 1;
        rawTransport = false;
        icmpWord = icmpType << 8 | code;
        icmpRest = rest;
        return this;
    }

    /** Makes it TCP (RFC 9293, section 3.1). */
    public FrameBuilder tcp(int from, int to) {
        protocol = 6;
        rawTransport = false;
        sourcePort = from;
        destinationPort = to;
        return this;
    }

    /** Sets the TCP sequence number, its low 32 bits. */
    public FrameBuilder seq(long newSequence) {
        sequence = (int) newSequence;
        return this;
    }

    /** Sets the TCP acknowledgement number, its low 32 bits. */
    public FrameBuilder ack(long newAcknowledgement) {
        acknowledgement = (int) newAcknowledgement;
        return this;
    }

    /** Sets the TCP flags, as in {@link Packets}. */
    public FrameBuilder flags(int newFlags) {
        flags = newFlags;
        return this;
    }

    /** Sets the TCP window as it stands in the header. */
    public FrameBuilder window(int newWindow) {
        window = newWindow;
        return this;
    }

    /** Sets the TCP urgent pointer. */
    public FrameBuilder urgent(int pointer) {
        urgent = pointer;
        return this;
    }

    /** Sets TCP options; padded with zeros to whole words. */
    public FrameBuilder tcpOptions(byte... options) {
        tcpOptions = Arrays.copyOf(options, Math.ceilDiv(options.length, 4) * 4);
        return this;
    }

    /** Lies about the TCP header length, in words. */
    public FrameBuilder tcpHeaderWords(int words) {
        tcpHeaderWordsOverride = words;
        return this;
    }

    /** Breaks the checksum of ICMP, UDP or TCP. */
    public FrameBuilder badChecksum() {
        badChecksum = true;
        return this;
    }

    /** Sets what follows the innermost header. */
    public FrameBuilder payload(byte... bytes) {
        payload = bytes.clone();
        return this;
    }

    /** Pads the frame with zeros, as Ethernet does to 60 bytes. */
    public FrameBuilder padTo(int bytes) {
        paddedBytes = bytes;
        return this;
    }

    /** Cuts the finished frame off. */
    public FrameBuilder truncateTo(int bytes) {
        truncatedBytes = bytes;
        return this;
    }

    /** Makes the frame. */
    public byte[] build() {
        byte[] network = arp != null ? arp : type == 0x0800 ? ipPacket() : payload;
        ByteBuffer frame = ByteBuffer.allocate(Math.max(paddedBytes, ETHERNET_BYTES + network.length));
        put(frame, destination);
        put(frame, source).putShort((short) type).put(network);
        return Arrays.copyOf(frame.array(), Math.min(truncatedBytes, frame.capacity()));
    }

    private byte[] ipPacket() {
        byte[] transport = rawTransport ? payload : transport();
        int headerBytes = 20 + ipOptions.length;
        ByteBuffer packet = ByteBuffer.allocate(headerBytes + transport.length);
        packet.put((byte) (version << 4 | (headerWordsOverride < 0 ? headerBytes / 4 : headerWordsOverride)));
        packet.put((byte) trafficClass);
        packet.putShort((short) (totalBytesOverride < 0 ? packet.capacity() : totalBytesOverride));
        packet.putShort((short) identification).putShort((short) fragmentWord);
        packet.put((byte) ttl).put((byte) protocol).putShort((short) 0);
        packet.putInt(ipSource).putInt(ipDestination).put(ipOptions).put(transport);
        int checksum = ~InternetChecksum.sum(packet.array(), 0, headerBytes, 0) & 0xffff;
        packet.putShort(10, (short) (badIpChecksum ? checksum ^ 0x1234 : checksum));
        return packet.array();
    }

    private byte[] transport() {
        int headerBytes = protocol == 6 ? 20 + tcpOptions.length : 8;
        ByteBuffer segment = ByteBuffer.allocate(headerBytes + payload.length);
        int checksumAt;
        switch (protocol) {
            case 1 -> {
                segment.putShort((short) icmpWord).putShort((short) 0).putInt(icmpRest);
                checksumAt = 2;
            }
            case 17 -> {
                segment.putShort((short) sourcePort).putShort((short) destinationPort);
                segment.putShort((short) (udpBytesOverride < 0 ? segment.capacity() : udpBytesOverride));
                segment.putShort((short) 0);
                checksumAt = 6;
            }
            default -> {
                segment.putShort((short) sourcePort).putShort((short) destinationPort);
                segment.putInt(sequence).putInt(acknowledgement);
                int words = tcpHeaderWordsOverride < 0 ? headerBytes / 4 : tcpHeaderWordsOverride;
                segment.put((byte) (words << 4)).put((byte) flags).putShort((short) window);
                segment.putShort((short) 0).putShort((short) urgent).put(tcpOptions);
                checksumAt = 16;
            }
        }
        segment.put(payload);
        int pseudo = protocol == 1
                ? 0
                : InternetChecksum.pseudoHeader(ipSource, ipDestination, protocol, segment.capacity());
        int checksum = ~InternetChecksum.sum(segment.array(), 0, segment.capacity(), pseudo) & 0xffff;
        if (protocol == 17 && checksum == 0) {
            checksum = 0xffff;
        }
        if (protocol != 17 || !noUdpChecksum) {
            segment.putShort(checksumAt, (short) (badChecksum ? checksum ^ 0x1234 : checksum));
        }
        return segment.array();
    }

    private static ByteBuffer put(ByteBuffer buffer, MacAddress mac) {
        return buffer.putShort((short) (mac.bits() >>> 32)).putInt((int) mac.bits());
    }
}
