package io.uk4j.net.tcpip.link;

import io.uk4j.net.tcpip.ip.Packet;
import org.jspecify.annotations.Nullable;

/** One entry of the ARP cache. */
final class Neighbour {
    /** What is known (the states of RFC 4861, section 7.3.2, which fit ARP as well). */
    enum State {
        /** Nothing yet; requests are out to everybody, and packets wait. */
        INCOMPLETE,
        /** The address was confirmed a short time ago. */
        REACHABLE,
        /** The address was right once; it is used, and the next use asks for confirmation. */
        STALE,
        /** The address is used while requests are out to it alone. */
        PROBE
    }

    /** Packets that wait for one address; the oldest makes way (RFC 1122, section 2.3.2.2 wants one at least). */
    static final int PENDING_LIMIT = 4;

    int address;
    State state = State.INCOMPLETE;
    long mac;
    long deadlineNs;
    long usedNs;
    int requests;
    int pending;
    final @Nullable Packet[] waiting = new Packet[PENDING_LIMIT];

    void begin(int newAddress, long newUsedNs) {
        address = newAddress;
        state = State.INCOMPLETE;
        mac = 0;
        usedNs = newUsedNs;
        requests = 0;
        pending = 0;
    }

    /** Takes the oldest waiting packet out. */
    Packet removeFirst() {
        Packet packet = waiting[0];
        if (packet == null) {
            throw new IllegalStateException("No packet waits.");
        }
        pending--;
        System.arraycopy(waiting, 1, waiting, 0, pending);
        waiting[pending] = null;
        return packet;
    }
}
