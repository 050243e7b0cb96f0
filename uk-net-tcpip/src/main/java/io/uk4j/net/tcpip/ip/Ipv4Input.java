package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import org.jspecify.annotations.Nullable;

/**
 * The way in: checks the header of each received packet, strips it, waits for fragments, and hands the rest to the
 * transports. A time to live of 0 is no reason to drop what has arrived (RFC 1122, section 3.2.1.7).
 *
 * <p>Thread rule: loop-owned.
 */
public final class Ipv4Input {
    /** What a transport finds in fragment 0: the longest TCP header, or an ICMP error that quotes the longest IP header. */
    static final int STRAIGHT_BYTES = 80;

    private final Addressing addressing;
    private final BufferPool pool;
    private final Drops drops;
    private final Demux demux;
    private final Reassembly reassembly;
    private final Packet inbound = new Packet();

    /** Makes the way in to those transports. */
    public Ipv4Input(
            Addressing addressing, EventLoop loop, BufferPool pool, Demux demux, ErrorReporter errors, Drops drops) {
        this.addressing = addressing;
        this.pool = pool;
        this.demux = demux;
        this.drops = drops;
        reassembly = new Reassembly(loop, errors, drops, pool.capacityBytes() / 8);
    }

    /**
     * Takes a frame's packet.
     *
     * @param batch where the frame is; buffers that are kept are taken out of it
     * @param frame which one; fragment 0 holds its Ethernet header
     * @param group whether the frame was sent to everybody
     */
    public void input(FrameBatch batch, int frame, boolean group, long nowNs) {
        ByteBuf header = batch.buffer(frame, 0);
        int at = batch.offset(frame, 0) + EthernetHeader.BYTES;
        int contiguous = batch.length(frame, 0) - EthernetHeader.BYTES;
        DropReason problem = Ipv4Header.problem(header, at, contiguous, batch.frameBytes(frame) - EthernetHeader.BYTES);
        if (problem == null) {
            problem = addressProblem(
                    Ipv4Header.source(header, at),
                    Ipv4Header.destination(header, at),
                    Ipv4Header.protocol(header, at),
                    group);
        }
        if (problem != null) {
            drops.count(problem);
            return;
        }
        describe(header, at);
        int flags = batch.flags(frame);
        inbound.checksumValid = (flags & (FrameBatch.CHECKSUM_VALID | FrameBatch.NEEDS_CHECKSUM)) != 0;
        inbound.gsoSize = batch.gsoType(frame) == FrameBatch.GSO_NONE ? 0 : batch.gsoSize(frame);
        try {
            if (!gather(batch, frame, at, contiguous)) {
                drops.count(DropReason.IP_FRAGMENT_COUNT);
            } else if (!Ipv4Header.isFragment(header, at) || reassembly.add(inbound, header, at, nowNs)) {
                deliver(nowNs);
            }
        } finally {
            inbound.release();
        }
    }

    private void deliver(long nowNs) {
        if (inbound.bytes() > 0 && !inbound.straighten(STRAIGHT_BYTES, pool)) {
            drops.count(DropReason.IP_NO_BUFFER);
            return;
        }
        demux.deliver(inbound, nowNs);
    }

    private @Nullable DropReason addressProblem(int source, int destination, int protocol, boolean group) {
        if (!addressing.isOtherHost(source)) {
            return DropReason.IP_SOURCE;
        }
        if (addressing.takes(destination, protocol)) {
            // RFC 1122, section 3.3.6: one host's packet has no business in a frame to all of them.
            return group ? DropReason.IP_BROADCAST : null;
        }
        return addressing.isBroadcast(destination) ? null : DropReason.IP_NOT_FOR_US;
    }

    private void describe(ByteBuf header, int at) {
        inbound.reset();
        inbound.source = Ipv4Header.source(header, at);
        inbound.destination = Ipv4Header.destination(header, at);
        inbound.protocol = Ipv4Header.protocol(header, at);
        inbound.trafficClass = Ipv4Header.trafficClass(header, at);
        inbound.ttl = Ipv4Header.ttl(header, at);
        inbound.dontFragment = Ipv4Header.isDontFragment(header, at);
        inbound.networkHeaderBytes = Ipv4Header.headerBytes(header, at);
        inbound.broadcast = addressing.isBroadcast(inbound.destination);
    }

    /** Moves the payload's buffers to the packet, without the link's padding. */
    private boolean gather(FrameBatch batch, int frame, int at, int contiguous) {
        int headerBytes = inbound.networkHeaderBytes;
        int left = Ipv4Header.totalBytes(batch.buffer(frame, 0), at) - headerBytes;
        int fragments = batch.fragments(frame);
        int offset = at + headerBytes;
        int length = contiguous - headerBytes;
        for (int i = 0; ; ) {
            int part = Math.min(length, left);
            inbound.append(batch.take(frame, i), offset, part);
            left -= part;
            if (left == 0) {
                return true;
            }
            if (++i == fragments || i == Packet.MAX_FRAGMENTS) {
                return false;
            }
            offset = batch.offset(frame, i);
            length = batch.length(frame, i);
        }
    }

    /** What incomplete packets take from the pool, in bytes of whole slots. */
    public long reassemblyBytes() {
        return reassembly.slotBytes();
    }

    /** Releases what waits for its other fragments. */
    public void close() {
        inbound.release();
        reassembly.close();
    }
}
