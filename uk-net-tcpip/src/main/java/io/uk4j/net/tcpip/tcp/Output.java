package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;

/**
 * Decides what a connection sends next (RFC 9293, sections 3.7.4, 3.8.6 and 3.10.7.4), and builds the segment: a header in
 * a buffer of its own, and references to the send queue. Where the device cuts, one segment stands for many.
 */
final class Output {
    /** Up to here, payload is copied behind its header: one buffer to send instead of two. */
    private static final int INLINE_BYTES = 256;

    /** The longest IPv4 packet, less its header and the longest TCP header. */
    private static final int MAX_PAYLOAD_BYTES = 65_535 - 20 - HeaderWriter.MAX_HEADER_BYTES;

    private final TcpTransport tcp;
    private final IpOutput output;
    private final BufferPool pool;
    /** How much of {@link Packet#HEADROOM} the pool's own headroom does not cover. */
    private final int leadBytes;

    Output(TcpTransport tcp, IpOutput output, BufferPool pool) {
        this.tcp = tcp;
        this.output = output;
        this.pool = pool;
        leadBytes = Math.max(0, Packet.HEADROOM - pool.headroomBytes());
    }

    /**
     * Sends what the connection has to say, up to {@code limit} segments, as far as there is space.
     *
     * @return how many were sent; fewer than the limit if nothing is left, or if there was no space or no buffer for it,
     *     and then {@link TcpTransport#needsOutput} was called
     */
    int send(Connection c, int limit, long nowNs) {
        int sent = 0;
        while (sent < limit) {
            if (output.space() <= 0) {
                tcp.needsOutput(c);
                return sent;
            }
            Outcome outcome = next(c, nowNs);
            if (outcome == Outcome.IDLE) {
                return sent;
            }
            if (outcome == Outcome.NO_BUFFER) {
                tcp.counters.noBuffer.increment();
                tcp.lacksMemory();
                tcp.needsOutput(c);
                return sent;
            }
            sent++;
        }
        tcp.needsOutput(c);
        return sent;
    }

    private enum Outcome {
        SENT,
        IDLE,
        NO_BUFFER
    }

    private Outcome next(Connection c, long nowNs) {
        if (!c.isOpen() || c.isHeld) {
            return Outcome.IDLE;
        }
        if (c.state == TcpState.SYN_SENT || c.state == TcpState.SYN_RECEIVED) {
            if (c.snd.cursor == c.snd.iss) {
                return syn(c, nowNs);
            }
            return c.state == TcpState.SYN_RECEIVED && c.rcv.ackNow ? empty(c, c.snd.nxt, nowNs) : Outcome.IDLE;
        }
        if (c.snd.retransmitFirst) {
            return retransmitFirst(c, nowNs);
        }
        Outcome outcome = c.snd.hasUnsent() ? data(c, nowNs) : Outcome.IDLE;
        if (outcome != Outcome.IDLE) {
            return outcome;
        }
        if (c.snd.keepAliveProbe) {
            outcome = empty(c, c.snd.una - 1, nowNs);
            if (outcome == Outcome.SENT) {
                c.snd.keepAliveProbe = false;
                tcp.counters.keepAliveProbes.increment();
            }
            return outcome;
        }
        return c.rcv.ackNow ? empty(c, c.snd.emptySeq(), nowNs) : Outcome.IDLE;
    }

    /** The first unacknowledged segment again, whatever the congestion window says. */
    private Outcome retransmitFirst(Connection c, long nowNs) {
        SendState snd = c.snd;
        int sent = Seq.min(snd.nxt, snd.endSeq()) - snd.una;
        int length = Math.max(0, Math.min(payloadLimit(c), sent));
        Outcome outcome = segment(c, snd.una, length, nowNs);
        if (outcome == Outcome.SENT) {
            snd.retransmitFirst = false;
        }
        return outcome;
    }

    private Outcome data(Connection c, long nowNs) {
        SendState snd = c.snd;
        if (snd.cursor == snd.una && snd.cursor == snd.nxt && nowNs - c.lastSentNs > c.rtt.rtoNs()) {
            c.congestion.onIdle();
        }
        int inFlight = snd.cursor - snd.una;
        int extra = snd.cursor == snd.nxt ? c.recovery.extraBytes(snd.mss) : 0;
        int congestion = c.congestion.windowBytes() + extra - inFlight;
        int window = snd.wnd - inFlight;
        int unsent = snd.endSeq() - snd.cursor;
        if (unsent <= 0) {
            // Only the FIN is left; it takes a byte of the peer's window and nothing of the network's.
            if (window > 0) {
                return whole(c, 0, nowNs);
            }
            return snd.windowProbe ? probeWindow(c, 0, nowNs) : awaitWindow(c, nowNs);
        }
        int usable = Math.min(congestion, window);
        int length = usable <= 0 ? 0 : worthSending(c, Math.min(unsent, usable), unsent);
        if (length > 0) {
            return whole(c, length, nowNs);
        }
        int worthwhile = Math.min(unsent, payloadLimit(c));
        if (snd.windowProbe && !snd.isUnderWay()) {
            return probeWindow(c, Math.clamp(window, 1, worthwhile), nowNs);
        }
        return window < worthwhile ? awaitWindow(c, nowNs) : Outcome.IDLE;
    }

    /** A segment that window and congestion allow. */
    private Outcome whole(Connection c, int length, long nowNs) {
        c.snd.windowProbe = false;
        return segment(c, c.snd.cursor, length, nowNs);
    }

    /** How much of what may be sent is worth a segment now (RFC 9293, sections 3.7.4 and 3.8.6.2.1), or 0. */
    private int worthSending(Connection c, int length, int unsent) {
        SendState snd = c.snd;
        int full = payloadLimit(c);
        if (length >= full) {
            int most = length;
            int burst = Math.min(output.maxSegmentationBytes(), 65_535) - 20 - HeaderWriter.MAX_HEADER_BYTES;
            most = Math.min(most, Math.max(full, burst - Math.floorMod(burst, full)));
            boolean isRest = most == unsent && mayBeShort(snd, most);
            return isRest ? most : most - most % full;
        }
        boolean isRest = length == unsent && mayBeShort(snd, length);
        return isRest || length >= snd.maxWnd / 2 ? length : 0;
    }

    private static boolean mayBeShort(SendState snd, int length) {
        return snd.noDelay
                || snd.finQueued
                || !snd.isUnderWay()
                || Seq.atOrBefore(snd.shortEnd, snd.una)
                || Seq.before(snd.cursor + length - 1, snd.nxt);
    }

    /** Nothing is under way whose acknowledgement would bring news of the window: it has to be asked for. */
    private static Outcome awaitWindow(Connection c, long nowNs) {
        if (!c.snd.isUnderWay()) {
            c.timers.startPersist(nowNs);
        }
        return Outcome.IDLE;
    }

    private Outcome probeWindow(Connection c, int length, long nowNs) {
        Outcome outcome = segment(c, c.snd.cursor, length, nowNs);
        if (outcome == Outcome.SENT) {
            tcp.counters.persistProbes.increment();
        }
        return outcome;
    }

    private int payloadLimit(Connection c) {
        // Another connection may have found out that the path bears less than this one knows.
        int mss = Math.min(c.snd.mss, output.mtuBytes(c.remoteAddress) - 40);
        int limit = Math.min(mss - optionBytes(c), MAX_PAYLOAD_BYTES);
        return Math.max(1, Math.min(limit, pool.maxBytes() - leadBytes - HeaderWriter.MAX_HEADER_BYTES));
    }

    private static int optionBytes(Connection c) {
        int bytes = c.timestamps ? HeaderWriter.TIMESTAMPS_BYTES : 0;
        int ranges = sackRanges(c);
        return ranges > 0 ? bytes + 4 + 8 * ranges : bytes;
    }

    private static int sackRanges(Connection c) {
        return c.sackPermitted ? Math.min(c.rcv.reassembly.ranges(), c.timestamps ? 3 : 4) : 0;
    }

    /** Data, or the FIN, or both, from a place in the queue on. */
    private Outcome segment(Connection c, int seq, int wanted, long nowNs) {
        SendState snd = c.snd;
        int full = payloadLimit(c);
        int length = wanted;
        boolean copied = length <= Math.min(INLINE_BYTES, full);
        if (!copied) {
            // One fragment is the header's.
            int pieces = (length > full ? output.maxSegmentationFragments() : Packet.MAX_FRAGMENTS) - 1;
            int reachable = pieces == 0 ? 0 : snd.queue.bytes.reachable(seq, length, pieces);
            if (reachable < length) {
                // Too many pieces for one packet: as many full segments as fit, or else one that is copied together.
                copied = reachable < full;
                length = copied ? Math.min(length, full) : reachable - reachable % full;
            }
        }
        ByteBuf header = pool.tryAcquire(leadBytes + HeaderWriter.MAX_HEADER_BYTES + (copied ? length : 0));
        if (header == null) {
            return Outcome.NO_BUFFER;
        }
        int end = seq + length;
        boolean fin = snd.finQueued && end == snd.endSeq();
        int flags = Flags.ACK | (length > 0 && end == snd.endSeq() ? Flags.PSH : 0) | (fin ? Flags.FIN : 0);
        int at = header.readerIndex() + leadBytes;
        int headerBytes = header(c, header, at, seq, flags, nowNs);
        Packet packet = output.begin();
        if (copied) {
            if (length > 0) {
                snd.queue.bytes.copyOut(seq, length, header, at + headerBytes);
            }
            packet.append(header, at, headerBytes + length);
        } else {
            packet.append(header, at, headerBytes);
            snd.queue.bytes.refer(packet, seq, length);
            packet.gsoSize = length > full ? full : 0;
        }
        account(c, seq, length, fin ? end + 1 : end, full, nowNs);
        transmit(c, packet, header, at, headerBytes);
        return Outcome.SENT;
    }

    private void account(Connection c, int seq, int length, int end, int full, long nowNs) {
        SendState snd = c.snd;
        c.lastSentNs = nowNs;
        if (Seq.before(seq, snd.nxt)) {
            tcp.counters.retransmissions.increment();
            c.retransmissions++;
            c.stopTiming();
        } else {
            c.startTiming(end, nowNs);
        }
        if (Seq.after(end, snd.nxt)) {
            tcp.counters.bytesSent.add(Math.min(length, end - snd.nxt));
            snd.nxt = end;
        }
        if (length % full != 0) {
            snd.shortEnd = Seq.max(snd.shortEnd, end);
        }
        if (snd.windowProbe) {
            // What a probe carries does not count as under way: the persist timer, with its own patience, repeats it.
            snd.windowProbe = false;
            c.timers.startPersist(nowNs);
            c.stopTiming();
            return;
        }
        if (seq == snd.cursor) {
            snd.cursor = end;
        }
        c.timers.startRetransmit(nowNs);
    }

    private Outcome syn(Connection c, long nowNs) {
        ByteBuf header = pool.tryAcquire(leadBytes + HeaderWriter.MAX_HEADER_BYTES);
        if (header == null) {
            return Outcome.NO_BUFFER;
        }
        SendState snd = c.snd;
        boolean active = c.state == TcpState.SYN_SENT;
        int at = header.readerIndex() + leadBytes;
        int window = active ? Math.min(c.rcv.queue.space(), 0xffff) : c.rcv.offerWindow(0, snd.mss);
        int flags = active ? Flags.SYN : Flags.SYN | Flags.ACK;
        HeaderWriter.fixed(header, at, c.localPort, c.remotePort, snd.iss, active ? 0 : c.rcv.nxt, flags, window);
        int end = HeaderWriter.mss(header, at + Segment.MIN_HEADER_BYTES, output.mtuBytes(c.remoteAddress) - 40);
        if (active || c.sackPermitted) {
            end = HeaderWriter.sackPermitted(header, end);
        }
        if (active || c.timestamps) {
            end = HeaderWriter.timestamps(header, end, c.tsNow(nowNs), active ? 0 : c.tsRecent);
        }
        if (active || c.rcv.scale > 0 || c.snd.scale > 0) {
            end = HeaderWriter.windowScale(header, end, tcp.settings.windowScale);
        }
        HeaderWriter.headerBytes(header, at, end - at);
        if (snd.isSynSent()) {
            tcp.counters.retransmissions.increment();
            c.retransmissions++;
            c.synLost = true;
            c.stopTiming();
        } else {
            c.startTiming(snd.iss + 1, nowNs);
        }
        snd.nxt = Seq.max(snd.nxt, snd.iss + 1);
        snd.cursor = snd.nxt;
        c.timers.startRetransmit(nowNs);
        Packet packet = output.begin();
        packet.append(header, at, end - at);
        transmit(c, packet, header, at, end - at);
        return Outcome.SENT;
    }

    /** A segment without data: an acknowledgement, a window update, a keep-alive probe. */
    private Outcome empty(Connection c, int seq, long nowNs) {
        ByteBuf header = pool.tryAcquire(leadBytes + HeaderWriter.MAX_HEADER_BYTES);
        if (header == null) {
            return Outcome.NO_BUFFER;
        }
        int at = header.readerIndex() + leadBytes;
        int headerBytes = header(c, header, at, seq, Flags.ACK, nowNs);
        Packet packet = output.begin();
        packet.append(header, at, headerBytes);
        transmit(c, packet, header, at, headerBytes);
        return Outcome.SENT;
    }

    private int header(Connection c, ByteBuf header, int at, int seq, int flags, long nowNs) {
        int window = c.rcv.offerWindow(c.rcv.scale, c.snd.mss);
        HeaderWriter.fixed(header, at, c.localPort, c.remotePort, seq, c.rcv.nxt, flags, window);
        int end = at + Segment.MIN_HEADER_BYTES;
        if (c.timestamps) {
            end = HeaderWriter.timestamps(header, end, c.tsNow(nowNs), c.tsRecent);
        }
        int ranges = sackRanges(c);
        if (ranges > 0) {
            end = HeaderWriter.sackHeader(header, end, ranges);
            end += 8 * c.rcv.reassembly.writeRanges(header, end, ranges);
        }
        HeaderWriter.headerBytes(header, at, end - at);
        return end - at;
    }

    private void transmit(Connection c, Packet packet, ByteBuf header, int at, int headerBytes) {
        HeaderWriter.finish(packet, c.localAddress, c.remoteAddress, header, at, headerBytes);
        c.rcv.acknowledged();
        c.timers.stopAck();
        tcp.counters.segmentsSent.increment();
        output.send(packet);
    }
}
