package io.uk4j.net.tcpip.link;

import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.link.Neighbour.State;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.util.IntMap;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Which station has which address (RFC 826; expiry and rate of requests as RFC 1122, section 2.3.2 wants it). A request
 * goes out every second, three times; then those who wait for the address hear that it is unreachable. An address is
 * taken for right for a minute, then confirmed by a request to that station alone while it is still used.
 *
 * <p>Bounded: {@value #LIMIT} entries, {@value Neighbour#PENDING_LIMIT} waiting packets each and {@value #WAITING_LIMIT}
 * in all. Strangers can make entries only by asking for this host's address, and displace only those that nobody uses.
 *
 * <p>Thread rule: loop-owned.
 */
final class NeighbourCache {
    static final int LIMIT = 256;
    static final int WAITING_LIMIT = 64;
    static final int REQUEST_LIMIT = 3;
    static final long REQUEST_INTERVAL_NS = 1_000_000_000L;
    static final long REACHABLE_NS = 60_000_000_000L;
    static final long STALE_NS = 20 * 60_000_000_000L;

    /** How the cache reaches the link. */
    interface Wire {
        /** Asks a station, or everybody, who has an address. */
        void request(int address, long mac);

        /** Sends a packet whose next hop is known now. */
        void resolved(Packet packet, long mac);

        /** A packet cannot be sent; it is released after the call. */
        void unresolved(Packet packet);
    }

    private final EventLoop loop;
    private final Wire wire;
    private final Drops drops;
    private final Timer timer;
    private final IntMap<Neighbour> byAddress;
    private final @Nullable Neighbour[] all = new Neighbour[LIMIT];
    private final ArrayDeque<Packet> spare = new ArrayDeque<>(WAITING_LIMIT);
    private int count;
    private long roundNs;

    NeighbourCache(EventLoop loop, Wire wire, long secret, Drops drops) {
        this.loop = loop;
        this.wire = wire;
        this.drops = drops;
        byAddress = new IntMap<>(LIMIT, secret);
        for (int i = 0; i < WAITING_LIMIT; i++) {
            spare.add(new Packet());
        }
        timer = loop.newTimer(this::onTimer);
        roundNs = loop.clock().nowNs();
    }

    /** How many entries there are. */
    int size() {
        return count;
    }

    @Nullable
    State stateOf(int address) {
        Neighbour neighbour = byAddress.get(address);
        return neighbour == null ? null : neighbour.state;
    }

    /** A round has begun: when entries were last used is known no finer than this, which costs no clock for each packet. */
    void beginRound(long nowNs) {
        roundNs = nowNs;
    }

    /** Sends a packet to a neighbour now, or when its address is known; takes all references. */
    void send(Packet packet, int address) {
        Neighbour neighbour = byAddress.get(address);
        if (neighbour == null) {
            neighbour = create(address, false);
            if (neighbour == null) {
                drops.count(DropReason.ROUTE_PENDING_FULL);
                packet.release();
                return;
            }
            request(neighbour, loop.clock().nowNs());
        }
        neighbour.usedNs = roundNs;
        if (neighbour.state == State.INCOMPLETE) {
            hold(neighbour, packet);
            return;
        }
        if (neighbour.state == State.STALE) {
            neighbour.state = State.PROBE;
            neighbour.requests = 0;
            request(neighbour, loop.clock().nowNs());
        }
        wire.resolved(packet, neighbour.mac);
    }

    private void hold(Neighbour neighbour, Packet packet) {
        Packet place = spare.poll();
        if (neighbour.pending == Neighbour.PENDING_LIMIT || (place == null && neighbour.pending > 0)) {
            if (place != null) {
                spare.add(place);
            }
            place = neighbour.removeFirst();
            place.release();
            drops.count(DropReason.ROUTE_PENDING_FULL);
        }
        if (place == null) {
            drops.count(DropReason.ROUTE_PENDING_FULL);
            packet.release();
            return;
        }
        place.moveFrom(packet);
        neighbour.waiting[neighbour.pending++] = place;
    }

    /**
     * Somebody has said where he is.
     *
     * @param forUs whether the packet asked for, or answered, this host: then an entry is made where there is none
     * @param reply whether it answered a request
     */
    void learn(int address, long mac, boolean forUs, boolean reply) {
        long nowNs = loop.clock().nowNs();
        Neighbour neighbour = byAddress.get(address);
        if (neighbour == null) {
            if (!forUs || reply) {
                return; // nobody asked
            }
            neighbour = create(address, true);
            if (neighbour == null) {
                return;
            }
            neighbour.mac = mac;
            neighbour.state = State.STALE;
            deadline(neighbour, nowNs + STALE_NS);
            return;
        }
        boolean awaited = neighbour.state == State.INCOMPLETE || neighbour.state == State.PROBE;
        if (awaited && forUs && (reply || neighbour.state == State.INCOMPLETE)) {
            neighbour.mac = mac;
            neighbour.state = State.REACHABLE;
            deadline(neighbour, nowNs + REACHABLE_NS);
            while (neighbour.pending > 0) {
                Packet packet = neighbour.removeFirst();
                wire.resolved(packet, mac);
                spare.add(packet);
            }
        } else if (neighbour.mac != mac && neighbour.state != State.INCOMPLETE) {
            // A station has moved, or somebody says so: the next use asks it.
            neighbour.mac = mac;
            neighbour.state = State.STALE;
            deadline(neighbour, nowNs + STALE_NS);
        }
    }

    private @Nullable Neighbour create(int address, boolean byStranger) {
        Neighbour neighbour;
        if (count < LIMIT) {
            neighbour = all[count];
            if (neighbour == null) {
                neighbour = new Neighbour();
                all[count] = neighbour;
            }
            count++;
        } else {
            neighbour = victim(byStranger);
            if (neighbour == null) {
                return null;
            }
            dropWaiting(neighbour);
            byAddress.remove(neighbour.address);
        }
        neighbour.begin(address, roundNs);
        boolean _ = byAddress.put(address, neighbour);
        return neighbour;
    }

    /** Whom to displace: unconfirmed entries before those being asked for, before those in use; the longest unused. */
    private @Nullable Neighbour victim(boolean byStranger) {
        Neighbour victim = null;
        for (int i = 0; i < count; i++) {
            Neighbour candidate = all[i];
            if (candidate == null || (byStranger && candidate.state != State.STALE)) {
                continue;
            }
            if (victim == null
                    || rank(candidate) < rank(victim)
                    || (rank(candidate) == rank(victim) && candidate.usedNs - victim.usedNs < 0)) {
                victim = candidate;
            }
        }
        return victim;
    }

    private static int rank(Neighbour neighbour) {
        return switch (neighbour.state) {
            case STALE -> 0;
            case INCOMPLETE -> 1;
            case PROBE, REACHABLE -> 2;
        };
    }

    private void request(Neighbour neighbour, long nowNs) {
        neighbour.requests++;
        deadline(neighbour, nowNs + REQUEST_INTERVAL_NS);
        wire.request(neighbour.address, neighbour.state == State.PROBE ? neighbour.mac : EthernetHeader.BROADCAST);
    }

    private void deadline(Neighbour neighbour, long deadlineNs) {
        neighbour.deadlineNs = deadlineNs;
        if (!timer.isScheduled() || deadlineNs - timer.deadlineNs() < 0) {
            timer.schedule(deadlineNs);
        }
    }

    private void onTimer() {
        long nowNs = loop.clock().nowNs();
        try {
            for (int i = count - 1; i >= 0; i--) {
                Neighbour neighbour = all[i];
                if (neighbour != null && nowNs - neighbour.deadlineNs >= 0) {
                    expire(neighbour, i, nowNs);
                }
            }
        } finally {
            scheduleNext();
        }
    }

    private void scheduleNext() {
        Neighbour next = null;
        for (int i = 0; i < count; i++) {
            Neighbour neighbour = all[i];
            if (neighbour != null && (next == null || neighbour.deadlineNs - next.deadlineNs < 0)) {
                next = neighbour;
            }
        }
        if (next != null) {
            timer.schedule(next.deadlineNs);
        }
    }

    private void expire(Neighbour neighbour, int index, long nowNs) {
        switch (neighbour.state) {
            case REACHABLE -> {
                neighbour.state = State.STALE;
                neighbour.deadlineNs = nowNs + STALE_NS;
            }
            case STALE -> remove(neighbour, index);
            case INCOMPLETE, PROBE -> {
                if (neighbour.requests < REQUEST_LIMIT) {
                    request(neighbour, nowNs);
                } else {
                    remove(neighbour, index);
                    fail(neighbour);
                }
            }
        }
    }

    private void remove(Neighbour neighbour, int index) {
        byAddress.remove(neighbour.address);
        count--;
        all[index] = all[count];
        // Not kept for the next one: who hears of the failure may send again before all waiting packets are dropped.
        all[count] = null;
    }

    /** The entry is out of the table, so that a transport which tries again at once starts anew. */
    private void fail(Neighbour neighbour) {
        if (neighbour.pending == 0) {
            return;
        }
        Packet packet = neighbour.removeFirst();
        drops.count(DropReason.ROUTE_UNRESOLVED);
        try {
            wire.unresolved(packet);
        } finally {
            // An exception of the application's must not cost the packets behind the one it was about.
            packet.release();
            spare.add(packet);
            fail(neighbour);
        }
    }

    private void dropWaiting(Neighbour neighbour) {
        while (neighbour.pending > 0) {
            Packet packet = neighbour.removeFirst();
            drops.count(DropReason.ROUTE_PENDING_FULL);
            packet.release();
            spare.add(packet);
        }
    }

    void close() {
        timer.cancel();
        for (int i = 0; i < count; i++) {
            Neighbour neighbour = all[i];
            if (neighbour != null) {
                dropWaiting(neighbour);
            }
        }
    }
}
