package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import org.jspecify.annotations.Nullable;

/**
 * Puts fragments together again (RFC 791, section 3.2; RFC 815), without copying. Bounded in packets and in what their
 * buffers take from the pool, which counts whole slots, so that many small fragments are as dear as they are; the oldest
 * packet makes way. Overlapping fragments end their packet (RFC 5722), and so small first fragments that they could hide
 * TCP's flags are refused (RFC 1858, RFC 3128).
 *
 * <p>A packet has 30 s to become complete. RFC 1122, section 3.3.2 asks for 60 to 120; at today's speeds identifications
 * come round long before that, and parts of different packets would be mixed (RFC 4963).
 *
 * <p>Thread rule: loop-owned.
 */
final class Reassembly {
    static final long TIMEOUT_NS = 30_000_000_000L;

    /** Packets that may be incomplete at one time. */
    static final int PACKET_LIMIT = 16;

    private static final int TCP_HEADER_BYTES = 20;

    private final PartialPacket[] partials = new PartialPacket[PACKET_LIMIT];
    private final ErrorReporter errors;
    private final Drops drops;
    private final EventLoop loop;
    private final Timer timer;
    private final long slotLimitBytes;
    private final Packet expired = new Packet();
    private long slotBytes;
    private long begun;

    Reassembly(EventLoop loop, ErrorReporter errors, Drops drops, long slotLimitBytes) {
        this.loop = loop;
        this.errors = errors;
        this.drops = drops;
        this.slotLimitBytes = slotLimitBytes;
        for (int i = 0; i < PACKET_LIMIT; i++) {
            partials[i] = new PartialPacket();
        }
        timer = loop.newTimer(this::expire);
    }

    /**
     * Adds a fragment.
     *
     * @param packet the fragment; if it was the last one missing, it holds the whole packet afterwards, else the caller
     *     releases what is left in it
     * @param header a buffer with the fragment's IP header
     * @param at where that begins
     * @return whether the packet is whole
     */
    boolean add(Packet packet, ByteBuf header, int at, long nowNs) {
        boolean more = Ipv4Header.hasMoreFragments(header, at);
        int start = Ipv4Header.fragmentOffset(header, at);
        int end = start + packet.bytes();
        if (isMalformed(packet, more, start, end)) {
            drops.count(DropReason.FRAGMENT_MALFORMED);
            return false;
        }
        long key = ((long) packet.source << 32)
                | ((long) Ipv4Header.identification(header, at) << 8)
                | packet.protocol
                | (packet.broadcast ? 1L << 24 : 0);
        PartialPacket partial = find(key);
        if (partial == null) {
            partial = place(nowNs);
            partial.begin(key, begun++, nowNs + TIMEOUT_NS);
            if (!timer.isScheduled()) {
                timer.schedule(partial.deadlineNs);
            }
        }
        DropReason problem =
                partial.poisoned ? DropReason.FRAGMENT_OVERLAP : partial.problem(start, end, !more, packet.fragments());
        if (problem != null) {
            drops.count(problem);
            if (problem != DropReason.FRAGMENT_DUPLICATE && !partial.poisoned) {
                slotBytes -= partial.slotBytes;
                partial.poison();
            }
            return false;
        }
        slotBytes -= partial.slotBytes;
        partial.add(packet, start, !more);
        if (partial.isComplete()) {
            partial.moveTo(packet);
            return true;
        }
        slotBytes += partial.slotBytes;
        while (slotBytes > slotLimitBytes) {
            evict(oldest());
        }
        return false;
    }

    private static boolean isMalformed(Packet packet, boolean more, int start, int end) {
        int bytes = packet.bytes();
        if (bytes == 0 || (more && (bytes & 7) != 0) || end > Ipv4Header.MAX_PACKET_BYTES - Ipv4Header.BYTES) {
            return true;
        }
        return packet.protocol == Ipv4Header.PROTOCOL_TCP
                && (start == 0 ? bytes < TCP_HEADER_BYTES : start < TCP_HEADER_BYTES);
    }

    private @Nullable PartialPacket find(long key) {
        for (PartialPacket partial : partials) {
            if (partial.used && partial.key == key) {
                return partial;
            }
        }
        return null;
    }

    private PartialPacket place(long nowNs) {
        for (PartialPacket partial : partials) {
            if (!partial.used) {
                return partial;
            }
            if (nowNs - partial.deadlineNs >= 0) {
                expire(partial);
                return partial;
            }
        }
        PartialPacket oldest = oldest();
        evict(oldest);
        return oldest;
    }

    private PartialPacket oldest() {
        PartialPacket oldest = partials[0];
        for (PartialPacket partial : partials) {
            if (partial.used && (!oldest.used || partial.order < oldest.order)) {
                oldest = partial;
            }
        }
        return oldest;
    }

    private void evict(PartialPacket partial) {
        drops.count(DropReason.FRAGMENT_EVICTED);
        slotBytes -= partial.slotBytes;
        partial.end();
    }

    private void expire() {
        long nowNs = loop.clock().nowNs();
        for (PartialPacket partial : partials) {
            if (partial.used && nowNs - partial.deadlineNs >= 0) {
                expire(partial);
            }
        }
        PartialPacket next = oldest();
        if (next.used) {
            timer.schedule(next.deadlineNs);
        }
    }

    private void expire(PartialPacket partial) {
        slotBytes -= partial.slotBytes;
        if (partial.poisoned) {
            partial.end();
            return;
        }
        drops.count(DropReason.FRAGMENT_TIMEOUT);
        if (partial.hasFirst()) {
            partial.moveTo(expired);
            errors.report(IcmpHeader.TIME_EXCEEDED, IcmpHeader.CODE_REASSEMBLY, expired);
            expired.release();
        } else {
            partial.end();
        }
    }

    /** What incomplete packets take from the pool. */
    long slotBytes() {
        return slotBytes;
    }

    void close() {
        timer.cancel();
        for (PartialPacket partial : partials) {
            if (partial.used) {
                partial.end();
            }
        }
        slotBytes = 0;
    }
}
