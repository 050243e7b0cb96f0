package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;

/**
 * Resets and acknowledgements without a connection to send them: a bounded ring of what they say. Those that find no place
 * are dropped and counted; the peer asks again.
 */
final class Replies {
    private static final int CAPACITY = 256;

    private final TcpTransport tcp;
    private final int leadBytes;
    private final int[] localAddresses = new int[CAPACITY];
    private final int[] remoteAddresses = new int[CAPACITY];
    private final int[] ports = new int[CAPACITY];
    private final int[] seqs = new int[CAPACITY];
    private final int[] acks = new int[CAPACITY];
    private final int[] flagsAndWindows = new int[CAPACITY];
    private final boolean[] timestamps = new boolean[CAPACITY];
    private final int[] tsValues = new int[CAPACITY];
    private final int[] tsEchoes = new int[CAPACITY];
    private int head;
    private int count;

    Replies(TcpTransport tcp) {
        this.tcp = tcp;
        leadBytes = Math.max(0, Packet.HEADROOM - tcp.pool.headroomBytes());
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Ends whatever the peer believes to be there (RFC 9293, section 3.10.7.1). */
    void refuse(Segment s) {
        boolean acks = s.has(Flags.ACK);
        tcp.counters.resetsSent.increment();
        put(
                s.destinationAddress,
                s.sourceAddress,
                (s.destinationPort << 16) | s.sourcePort,
                acks ? s.ack : 0,
                acks ? 0 : s.endSeq(),
                (acks ? Flags.RST : Flags.RST | Flags.ACK) << 16);
    }

    /** A reset of a connection. */
    void reset(Flow flow, int seq, int ack, int flags) {
        put(flow.localAddress, flow.remoteAddress, ports(flow), seq, ack, flags << 16);
    }

    /** An acknowledgement of a connection in TIME-WAIT. */
    void acknowledge(TimeWait flow, long nowNs) {
        int at = put(
                flow.localAddress,
                flow.remoteAddress,
                ports(flow),
                flow.sndNxt,
                flow.rcvNxt,
                (Flags.ACK << 16) | flow.window);
        if (at >= 0 && flow.timestamps) {
            timestamps[at] = true;
            tsValues[at] = (int) (nowNs / 1_000_000) + flow.tsOffset;
            tsEchoes[at] = flow.tsRecent;
        }
    }

    /** Sends what there is space and memory for; returns how many. */
    int send(IpOutput output, BufferPool pool) {
        int sent = 0;
        while (count > 0 && output.space() > 0) {
            ByteBuf header = pool.tryAcquire(leadBytes + HeaderWriter.MAX_HEADER_BYTES);
            if (header == null) {
                tcp.counters.noBuffer.increment();
                tcp.lacksMemory();
                break;
            }
            int i = head;
            head = (head + 1) & (CAPACITY - 1);
            count--;
            int at = header.readerIndex() + leadBytes;
            HeaderWriter.fixed(
                    header,
                    at,
                    ports[i] >>> 16,
                    ports[i] & 0xffff,
                    seqs[i],
                    acks[i],
                    flagsAndWindows[i] >>> 16,
                    flagsAndWindows[i] & 0xffff);
            int end = at + Segment.MIN_HEADER_BYTES;
            if (timestamps[i]) {
                end = HeaderWriter.timestamps(header, end, tsValues[i], tsEchoes[i]);
            }
            HeaderWriter.headerBytes(header, at, end - at);
            Packet packet = output.begin();
            packet.append(header, at, end - at);
            HeaderWriter.finish(packet, localAddresses[i], remoteAddresses[i], header, at, end - at);
            tcp.counters.segmentsSent.increment();
            output.send(packet);
            sent++;
        }
        return sent;
    }

    private static int ports(Flow flow) {
        return (flow.localPort << 16) | flow.remotePort;
    }

    private int put(int local, int remote, int bothPorts, int seq, int ack, int flagsAndWindow) {
        if (count == CAPACITY) {
            tcp.counters.repliesDropped.increment();
            return -1;
        }
        int at = (head + count++) & (CAPACITY - 1);
        localAddresses[at] = local;
        remoteAddresses[at] = remote;
        ports[at] = bothPorts;
        seqs[at] = seq;
        acks[at] = ack;
        flagsAndWindows[at] = flagsAndWindow;
        timestamps[at] = false;
        return at;
    }
}
