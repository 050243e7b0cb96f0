package io.uk4j.net.tcpip.icmp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.ip.Demux;
import io.uk4j.net.tcpip.ip.IcmpError;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.ip.Transport;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;

/**
 * Receives ICMP (RFC 792): answers echoes in the buffers that they came in, and hands errors to the transport whose packet
 * they quote. Redirects and source quenches (RFC 6633) are ignored: a stranger shall not choose this host's routes or
 * speed.
 *
 * <p>Thread rule: loop-owned.
 */
public final class Icmp implements Transport {
    private static final int TRANSPORT_HEAD_BYTES = 8;

    /** MTUs of links that were common when routers did not tell theirs (RFC 1191, section 7.1). */
    private static final int[] PLATEAUS = {32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};

    private final int ownAddress;
    private final IpOutput output;
    private final Demux demux;
    private final Drops drops;

    /** Makes the receiver for a host of that address. */
    public Icmp(int ownAddress, IpOutput output, Demux demux, Drops drops) {
        this.ownAddress = ownAddress;
        this.output = output;
        this.demux = demux;
        this.drops = drops;
    }

    @Override
    public void input(Packet packet, long nowNs) {
        if (packet.bytes() < IcmpHeader.BYTES) {
            drops.count(DropReason.ICMP_TRUNCATED);
            return;
        }
        if (Checksum.fold(packet.sum()) != 0xffff) {
            drops.count(DropReason.ICMP_CHECKSUM);
            return;
        }
        ByteBuf buffer = packet.buffer(0);
        int at = packet.offset(0);
        switch (IcmpHeader.type(buffer, at)) {
            case IcmpHeader.ECHO -> reply(packet, buffer, at);
            case IcmpHeader.DESTINATION_UNREACHABLE -> unreachable(packet, buffer, at);
            case IcmpHeader.TIME_EXCEEDED -> quoted(packet, IcmpError.TIME_EXCEEDED, 0);
            default -> drops.count(DropReason.ICMP_IGNORED);
        }
    }

    private void reply(Packet request, ByteBuf buffer, int at) {
        // The answer is written over the question, which must therefore be nobody else's.
        if (buffer.refCnt() != 1 || at < Packet.HEADROOM || output.space() == 0) {
            drops.count(DropReason.ICMP_IGNORED);
            return;
        }
        int code = IcmpHeader.code(buffer, at);
        int checksum = Checksum.update(IcmpHeader.checksum(buffer, at), (IcmpHeader.ECHO << 8) | code, code);
        buffer.setByte(at, IcmpHeader.ECHO_REPLY);
        IcmpHeader.setChecksum(buffer, at, checksum);
        Packet answer = output.begin();
        answer.source = request.destination;
        answer.destination = request.source;
        answer.protocol = Ipv4Header.PROTOCOL_ICMP;
        answer.trafficClass = request.trafficClass & ~3;
        answer.dontFragment = false;
        for (int i = 0; i < request.fragments(); i++) {
            int offset = request.offset(i);
            int length = request.length(i);
            answer.append(request.take(i), offset, length);
        }
        output.send(answer);
    }

    private void unreachable(Packet packet, ByteBuf buffer, int at) {
        switch (IcmpHeader.code(buffer, at)) {
            case IcmpHeader.CODE_PROTOCOL -> quoted(packet, IcmpError.PROTOCOL_UNREACHABLE, 0);
            case IcmpHeader.CODE_PORT -> quoted(packet, IcmpError.PORT_UNREACHABLE, 0);
            case IcmpHeader.CODE_FRAGMENTATION_NEEDED ->
                quoted(packet, IcmpError.TOO_BIG, IcmpHeader.nextHopMtuBytes(buffer, at));
            default -> quoted(packet, IcmpError.UNREACHABLE, 0);
        }
    }

    /** Hands an error on if what it quotes can be a packet of this host, with as much of the transport as is needed. */
    private void quoted(Packet packet, IcmpError kind, int mtuBytes) {
        ByteBuf buffer = packet.buffer(0);
        int at = packet.offset(0) + IcmpHeader.BYTES;
        int available = packet.length(0) - IcmpHeader.BYTES;
        if (available < Ipv4Header.BYTES || available < Ipv4Header.headerBytes(buffer, at) + TRANSPORT_HEAD_BYTES) {
            drops.count(DropReason.ICMP_TRUNCATED);
            return;
        }
        int headerBytes = Ipv4Header.headerBytes(buffer, at);
        int totalBytes = Ipv4Header.totalBytes(buffer, at);
        int mtu = kind == IcmpError.TOO_BIG && mtuBytes == 0 ? plateauBelow(totalBytes) : mtuBytes;
        if (buffer.getUnsignedByte(at) >>> 4 != 4
                || headerBytes < Ipv4Header.BYTES
                || Ipv4Header.source(buffer, at) != ownAddress
                || Ipv4Header.fragmentOffset(buffer, at) != 0
                || (kind == IcmpError.TOO_BIG && mtu >= totalBytes)) {
            drops.count(DropReason.ICMP_QUOTE);
            return;
        }
        demux.error(
                Ipv4Header.protocol(buffer, at),
                kind,
                Ipv4Header.source(buffer, at),
                Ipv4Header.destination(buffer, at),
                buffer.getLong(at + headerBytes),
                mtu);
    }

    private static int plateauBelow(int totalBytes) {
        for (int plateau : PLATEAUS) {
            if (plateau < totalBytes) {
                return plateau;
            }
        }
        return PLATEAUS[PLATEAUS.length - 1];
    }

    /** An error about an echo of ours: this host sends none. */
    @Override
    public void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {
        drops.count(DropReason.ICMP_QUOTE);
    }

    @Override
    public int output(long nowNs) {
        return 0;
    }
}
