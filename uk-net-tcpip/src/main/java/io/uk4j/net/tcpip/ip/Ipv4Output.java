package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.EntropySource;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;

/**
 * The way out of the internet layer: headers, checksums that the device does not do, routes, fragments.
 *
 * <p>Thread rule: loop-owned.
 */
public final class Ipv4Output implements IpOutput {
    /** The time to live of packets that do not name one (IANA's recommended value). */
    static final int DEFAULT_TTL = 64;

    /** Packets sent in one round before what came in is looked at again. */
    private static final int ROUND_LIMIT = 128;

    private final Addressing addressing;
    private final Link link;
    private final Drops drops;
    private final Loopback loopback;
    private final Identification identification;
    private final PathMtuTable pathMtus;
    private final Fragmenter fragmenter;
    private final boolean deviceSums;
    private final int maxSegmentationBytes;
    private final int maxSegmentationFragments;
    private final Packet outbound = new Packet();
    private int roundSpace = ROUND_LIMIT;

    /** Makes the way out over a link. */
    public Ipv4Output(
            Addressing addressing, Link link, BufferPool pool, Clock clock, EntropySource entropy, Drops drops) {
        this.addressing = addressing;
        this.link = link;
        this.drops = drops;
        NetDeviceInfo device = link.info();
        loopback = new Loopback(drops);
        identification = new Identification(entropy);
        pathMtus = new PathMtuTable(clock, entropy.nextLong(), device.mtuBytes());
        fragmenter = new Fragmenter(link, pool, drops);
        deviceSums = device.has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM);
        maxSegmentationFragments = Math.min(Packet.MAX_FRAGMENTS, device.maxFragments());
        maxSegmentationBytes = device.has(NetDeviceInfo.OFFLOAD_TSO4)
                ? Math.min(Ipv4Header.MAX_PACKET_BYTES, device.maxFrameBytes() - EthernetHeader.BYTES)
                : 0;
    }

    @Override
    public Packet begin() {
        outbound.release();
        outbound.reset();
        return outbound;
    }

    @Override
    public void send(Packet packet) {
        if (packet.offset(0) < Packet.HEADROOM) {
            packet.release();
            throw new IllegalArgumentException(
                    "An outbound packet needs " + Packet.HEADROOM + " bytes free in front of its first fragment.");
        }
        roundSpace--;
        if (packet.source == 0) {
            packet.source = addressing.address();
        }
        if (packet.destination == addressing.address()) {
            sendToSelf(packet);
            return;
        }
        boolean broadcast = addressing.isBroadcast(packet.destination);
        boolean group = broadcast || Addressing.isMulticast(packet.destination);
        int nextHop = group ? packet.destination : addressing.nextHop(packet.destination);
        if (nextHop == 0 || !(group || addressing.isOtherHost(packet.destination))) {
            drop(packet, DropReason.ROUTE_NONE);
            return;
        }
        int bytes = Ipv4Header.BYTES + packet.bytes();
        int mtuBytes = pathMtus.get(packet.destination);
        // Even if all would fit: the peer may want its segments smaller than the path.
        boolean cutBelow = packet.gsoSize > 0;
        if (bytes > (cutBelow ? maxSegmentationBytes : Ipv4Header.MAX_PACKET_BYTES)) {
            drop(packet, DropReason.OUTPUT_TOO_BIG);
        } else if (bytes <= mtuBytes || cutBelow) {
            if (!deviceSums) {
                completeChecksum(packet);
            }
            writeHeader(packet, bytes);
            packet.prepend(Ipv4Header.BYTES);
            if (group) {
                link.sendTo(
                        packet, broadcast ? EthernetHeader.BROADCAST : EthernetHeader.multicast(packet.destination));
            } else {
                link.send(packet, nextHop);
            }
        } else if (packet.dontFragment || group) {
            drop(packet, DropReason.OUTPUT_TOO_BIG);
        } else {
            completeChecksum(packet);
            int id = identification.next(packet.destination, packet.protocol);
            fragmenter.send(packet, nextHop, mtuBytes, id, ttl(packet));
        }
    }

    /** The header is written for those who quote it; nothing has to be summed for bytes that stay in memory. */
    private void sendToSelf(Packet packet) {
        if (packet.bytes() > Ipv4Header.MAX_PACKET_BYTES - Ipv4Header.BYTES) {
            drop(packet, DropReason.OUTPUT_TOO_BIG);
            return;
        }
        writeHeader(packet, Ipv4Header.BYTES + packet.bytes());
        packet.networkHeaderBytes = Ipv4Header.BYTES;
        packet.checksumValid = true;
        loopback.offer(packet);
    }

    private void writeHeader(Packet packet, int totalBytes) {
        Ipv4Header.write(
                packet.buffer(0),
                packet.offset(0) - Ipv4Header.BYTES,
                packet.trafficClass,
                totalBytes,
                // RFC 6864, section 4.1: the field means nothing in a packet that cannot be fragmented.
                packet.dontFragment ? 0 : identification.next(packet.destination, packet.protocol),
                packet.dontFragment ? Ipv4Header.DONT_FRAGMENT : 0,
                ttl(packet),
                packet.protocol,
                packet.source,
                packet.destination);
    }

    private static int ttl(Packet packet) {
        return packet.ttl == 0 ? DEFAULT_TTL : packet.ttl;
    }

    private static void completeChecksum(Packet packet) {
        if (packet.checksumOffset < 0) {
            return;
        }
        // The field holds the pseudo header's sum, so that summing all bytes is all there is to do.
        int checksum = Checksum.finish(packet.sum());
        if (checksum == 0 && packet.protocol == Ipv4Header.PROTOCOL_UDP) {
            checksum = 0xffff; // RFC 768: 0 says that there is none
        }
        ByteBuf head = packet.buffer(0);
        head.setShort(packet.offset(0) + packet.checksumOffset, checksum);
        packet.checksumOffset = -1;
    }

    private void drop(Packet packet, DropReason reason) {
        drops.count(reason);
        packet.release();
    }

    @Override
    public int space() {
        return Math.max(0, Math.min(roundSpace, Math.min(link.space(), loopback.space())));
    }

    @Override
    public int mtuBytes(int destination) {
        return pathMtus.get(destination);
    }

    @Override
    public void lowerMtu(int destination, int mtuBytes) {
        pathMtus.lower(destination, mtuBytes);
    }

    @Override
    public int sourceFor(int destination) {
        return addressing.address();
    }

    @Override
    public int maxSegmentationBytes() {
        return maxSegmentationBytes;
    }

    @Override
    public int maxSegmentationFragments() {
        return maxSegmentationFragments;
    }

    /** A new round begins: delivers what this host sent to itself, and gives the transports their share of sending. */
    public int beginRound(Demux demux, long nowNs) {
        roundSpace = ROUND_LIMIT;
        return loopback.deliver(demux, nowNs);
    }

    /** Whether packets to this host itself wait. */
    public boolean hasPending() {
        return loopback.space() < Loopback.LIMIT;
    }

    /** Releases what has not left; from now on there is no space. */
    public void close() {
        roundSpace = 0;
        outbound.release();
        loopback.close();
    }
}
