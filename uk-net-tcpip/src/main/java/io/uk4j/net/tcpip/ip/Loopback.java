package io.uk4j.net.tcpip.ip;

import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;

/**
 * Packets from this host to itself: a short queue that is delivered in the next round, so that no transport is entered
 * from within another.
 *
 * <p>Thread rule: loop-owned.
 */
final class Loopback {
    static final int LIMIT = 64;

    private final Drops drops;
    private final Packet[] queue = new Packet[LIMIT];
    private int head;
    private int count;

    Loopback(Drops drops) {
        this.drops = drops;
        for (int i = 0; i < LIMIT; i++) {
            queue[i] = new Packet();
        }
    }

    int space() {
        return LIMIT - count;
    }

    /** Takes all references of the packet. */
    void offer(Packet packet) {
        if (count == LIMIT) {
            drops.count(DropReason.LOOPBACK_FULL);
            packet.release();
            return;
        }
        queue[(head + count) % LIMIT].moveFrom(packet);
        count++;
    }

    /** Delivers what was there at the start. */
    int deliver(Demux demux, long nowNs) {
        int round = count;
        for (int i = 0; i < round; i++) {
            Packet packet = queue[head];
            head = (head + 1) % LIMIT;
            count--;
            try {
                demux.deliver(packet, nowNs);
            } finally {
                packet.release();
            }
        }
        return round;
    }

    void close() {
        for (Packet packet : queue) {
            packet.release();
        }
        count = 0;
    }
}
