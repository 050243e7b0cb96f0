package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.Ipv4Header;

/**
 * Cuts a packet that is longer than the MTU (RFC 791, section 3.2). Each fragment is a header of its own and ranges of
 * the packet's buffers.
 *
 * <p>Thread rule: loop-owned.
 */
final class Fragmenter {
    private final Link link;
    private final BufferPool pool;
    private final Drops drops;
    private final Packet fragment = new Packet();

    Fragmenter(Link link, BufferPool pool, Drops drops) {
        this.link = link;
        this.pool = pool;
        this.drops = drops;
    }

    /** Takes all references of the packet. Where room runs out, the rest is dropped and counted once. */
    void send(Packet packet, int nextHop, int mtuBytes, int identification, int ttl) {
        int step = (mtuBytes - Ipv4Header.BYTES) & ~7;
        int bytes = packet.bytes();
        for (int position = 0; position < bytes; position += step) {
            ByteBuf header = link.space() > 0 ? pool.tryAcquire(Ipv4Header.BYTES) : null;
            if (header == null) {
                drops.count(link.space() > 0 ? DropReason.IP_NO_BUFFER : DropReason.FRAME_QUEUE_FULL);
                break;
            }
            int count = Math.min(step, bytes - position);
            fragment.reset();
            fragment.destination = packet.destination;
            fragment.source = packet.source;
            fragment.protocol = packet.protocol;
            fragment.append(header, header.readerIndex(), Ipv4Header.BYTES);
            Ipv4Header.write(
                    header,
                    header.readerIndex(),
                    packet.trafficClass,
                    Ipv4Header.BYTES + count,
                    identification,
                    (position + count < bytes ? Ipv4Header.MORE_FRAGMENTS : 0) | (position >>> 3),
                    ttl,
                    packet.protocol,
                    packet.source,
                    packet.destination);
            share(packet, position, count);
            link.send(fragment, nextHop);
        }
        packet.release();
    }

    private void share(Packet packet, int position, int count) {
        int skip = position;
        int left = count;
        for (int i = 0; left > 0; i++) {
            int part = Math.min(packet.length(i) - skip, left);
            if (part > 0) {
                fragment.append(packet.buffer(i).retain(), packet.offset(i) + skip, part);
                left -= part;
            }
            skip = Math.max(0, skip - packet.length(i));
        }
    }
}
