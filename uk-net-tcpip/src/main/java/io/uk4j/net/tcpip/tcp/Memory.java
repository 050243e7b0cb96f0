package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Who may take how much of the pool. Headers and what the device receives may take all of it; queues leave some, or else
 * they could fill it so that no acknowledgement comes in that would empty them. What has arrived ahead of its turn was not
 * acknowledged, and is given up when memory is short (RFC 2018, section 8): the peer sends it again.
 */
final class Memory {
    /** Segments ahead of their turn leave this part of the pool. */
    private static final int PART_LEFT_AHEAD = 4;

    /** Segments in order leave this part: what was received must not keep answers from being sent. */
    private static final int PART_LEFT_IN_ORDER = 8;

    /** Send queues leave this part; they empty themselves. */
    private static final int PART_LEFT_SENDING = 16;

    private final BufferPool pool;
    private final TcpCounters counters;
    private final LinkedHashSet<Connection> holders = new LinkedHashSet<>();

    Memory(BufferPool pool, TcpCounters counters) {
        this.pool = pool;
        this.counters = counters;
    }

    /** Whether a segment ahead of its turn may be kept. */
    boolean takesAhead() {
        return leaves(PART_LEFT_AHEAD);
    }

    /** Whether a segment in order may be kept. */
    boolean takesInOrder() {
        return leaves(PART_LEFT_IN_ORDER) || reclaim(PART_LEFT_IN_ORDER);
    }

    /** Whether send queues may grow. */
    boolean takesSending() {
        return leaves(PART_LEFT_SENDING) || reclaim(PART_LEFT_SENDING);
    }

    /** A buffer for a send queue, of about that size, or null while memory is short. */
    @Nullable
    ByteBuf tryAcquire(int wantedBytes) {
        if (!takesSending()) {
            return null;
        }
        ByteBuf buffer = pool.tryAcquire(Math.min(wantedBytes, pool.maxBytes()));
        return buffer == null && wantedBytes > 1 ? pool.tryAcquire(1) : buffer;
    }

    private boolean leaves(int part) {
        return pool.availableBytes() >= pool.capacityBytes() / part;
    }

    /** A connection keeps segments ahead of their turn. */
    void holds(Connection c) {
        holders.add(c);
    }

    /** A connection has ended, and keeps nothing. */
    void forget(Connection c) {
        holders.remove(c);
    }

    /** Gives up what arrived ahead of its turn, the longest holders first, until enough is left; false if that was not enough. */
    private boolean reclaim(int part) {
        while (!leaves(part)) {
            if (holders.isEmpty()) {
                return false;
            }
            Connection c = holders.removeFirst();
            if (!c.rcv.reassembly.isEmpty()) {
                counters.reneged.increment();
                c.rcv.reassembly.clear();
            }
        }
        return true;
    }

    /** How many connections keep segments ahead of their turn, or have done so since memory was short. */
    int holders() {
        return holders.size();
    }

    void clear() {
        holders.clear();
    }
}
