package io.uk4j.net.tcpip.stats;

import java.util.Locale;

/** Why a frame or packet went no further. Each reason is a counter's label. */
public enum DropReason {
    /** A frame is shorter than an Ethernet header. */
    FRAME_RUNT(Layer.FRAME),
    /** A frame is for another station. */
    FRAME_NOT_FOR_US(Layer.FRAME),
    /** A frame is for a group that this host is not in. */
    FRAME_MULTICAST(Layer.FRAME),
    /** A frame's source is a group, or this host. */
    FRAME_SOURCE(Layer.FRAME),
    /** A frame carries neither ARP nor IPv4. */
    FRAME_TYPE(Layer.FRAME),
    /** An ARP packet is too short, or not for Ethernet and IPv4. */
    ARP_MALFORMED(Layer.FRAME),
    /** An ARP packet's sender is a group, no host of this link, or contradicts the frame. */
    ARP_SENDER(Layer.FRAME),
    /** The device's queue and ours were full. */
    FRAME_QUEUE_FULL(Layer.FRAME),
    /** No buffer was left to build a frame in. */
    FRAME_NO_BUFFER(Layer.FRAME),

    /** There are fewer bytes than a header needs or says. */
    IP_TRUNCATED(Layer.PACKET),
    /** A header is spread over several buffers. */
    IP_HEADER_SPLIT(Layer.PACKET),
    /** The version is not 4. */
    IP_VERSION(Layer.PACKET),
    /** The header length is under 20 bytes. */
    IP_HEADER_LENGTH(Layer.PACKET),
    /** The total length is under the header length. */
    IP_TOTAL_LENGTH(Layer.PACKET),
    /** The header checksum does not hold. */
    IP_CHECKSUM(Layer.PACKET),
    /** The options run over the header, or into each other. */
    IP_OPTIONS(Layer.PACKET),
    /** The packet names the route that it wants. */
    IP_SOURCE_ROUTE(Layer.PACKET),
    /** No packet on a link may have that source: this host, a group, loopback, nobody. */
    IP_SOURCE(Layer.PACKET),
    /** The destination is not this host. */
    IP_NOT_FOR_US(Layer.PACKET),
    /** A frame to everybody carries a packet to one, or a transport without broadcasts was sent one. */
    IP_BROADCAST(Layer.PACKET),
    /** Nobody here speaks the transport. */
    IP_PROTOCOL(Layer.PACKET),
    /** The packet came in more buffers than a packet may have. */
    IP_FRAGMENT_COUNT(Layer.PACKET),
    /** No buffer was left to straighten a header in, or to send a fragment or an answer with. */
    IP_NO_BUFFER(Layer.PACKET),

    /** A fragment is empty, not a multiple of 8 bytes, ends beyond 65,535, or its offset is too small to be honest. */
    FRAGMENT_MALFORMED(Layer.PACKET),
    /** Two fragments claim the same bytes, or disagree about the end: the whole packet is given up. */
    FRAGMENT_OVERLAP(Layer.PACKET),
    /** A fragment was there already. */
    FRAGMENT_DUPLICATE(Layer.PACKET),
    /** The other fragments did not come in time. */
    FRAGMENT_TIMEOUT(Layer.PACKET),
    /** A younger packet needed the place. */
    FRAGMENT_EVICTED(Layer.PACKET),

    /** Outbound: no route leads there. */
    ROUTE_NONE(Layer.PACKET),
    /** Outbound: nobody answered for the next hop's address. */
    ROUTE_UNRESOLVED(Layer.PACKET),
    /** Outbound: too many packets wait for the next hop's address. */
    ROUTE_PENDING_FULL(Layer.PACKET),
    /** Outbound: longer than the path's MTU, not to be fragmented, and the device does not cut. */
    OUTPUT_TOO_BIG(Layer.PACKET),
    /** Outbound: too many packets to this host itself wait for delivery. */
    LOOPBACK_FULL(Layer.PACKET),

    /** An ICMP message is shorter than its header, or what it quotes is. */
    ICMP_TRUNCATED(Layer.PACKET),
    /** An ICMP checksum does not hold. */
    ICMP_CHECKSUM(Layer.PACKET),
    /** An ICMP message of a kind that a host does not act on. */
    ICMP_IGNORED(Layer.PACKET),
    /** An ICMP error quotes a packet that this host cannot have sent. */
    ICMP_QUOTE(Layer.PACKET),

    /** A UDP datagram is shorter than its header, or than it says. */
    UDP_TRUNCATED(Layer.PACKET),
    /** A UDP checksum does not hold. */
    UDP_CHECKSUM(Layer.PACKET),
    /** Nobody listens at the UDP port. */
    UDP_NO_PORT(Layer.PACKET);

    private enum Layer {
        FRAME,
        PACKET
    }

    private final Layer layer;

    DropReason(Layer layer) {
        this.layer = layer;
    }

    /** Whether it was a frame that was dropped, else an IP packet. */
    boolean ofFrames() {
        return layer == Layer.FRAME;
    }

    /** The reason as a label, such as {@code ip_checksum}. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
