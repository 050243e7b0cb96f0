package io.uk4j.net.tcpip.tcp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the flow of a segment in constant time: open addressing with linear probing, at most half full, under a keyed
 * hash, so that nobody outside can make flows collide. Who adds bounds the size.
 */
final class FlowTable {
    private static final int INITIAL_SLOTS = 256;

    private final SipHash hash;
    private @Nullable Flow[] slots = new Flow[INITIAL_SLOTS];
    private int size;
    private long probes;

    FlowTable(SipHash hash) {
        this.hash = hash;
    }

    int size() {
        return size;
    }

    /** How many slots all lookups together have looked at. */
    long probes() {
        return probes;
    }

    @Nullable
    Flow find(int localAddress, int localPort, int remoteAddress, int remotePort) {
        int mask = slots.length - 1;
        int at = (int) hash.hash(localAddress, localPort, remoteAddress, remotePort) & mask;
        while (true) {
            probes++;
            Flow flow = slots[at];
            if (flow == null || flow.isBetween(localAddress, localPort, remoteAddress, remotePort)) {
                return flow;
            }
            at = (at + 1) & mask;
        }
    }

    /** Adds a flow whose ends are not in the table. */
    void add(Flow flow) {
        if (++size > slots.length / 2) {
            grow();
        }
        flow.hash = (int) hash.hash(flow.localAddress, flow.localPort, flow.remoteAddress, flow.remotePort);
        place(flow);
    }

    /** Takes a flow out, if it is there. */
    void remove(Flow flow) {
        int at = indexOf(flow);
        if (at < 0) {
            return;
        }
        size--;
        // What was displaced by the flow moves back, so that no search ends early at the hole.
        int mask = slots.length - 1;
        int hole = at;
        for (int next = (at + 1) & mask; ; next = (next + 1) & mask) {
            Flow other = slots[next];
            if (other == null) {
                break;
            }
            if (((next - other.hash) & mask) >= ((next - hole) & mask)) {
                slots[hole] = other;
                hole = next;
            }
        }
        slots[hole] = null;
    }

    /** Puts a flow in the place of another between the same ends. */
    void replace(Flow old, Flow replacement) {
        int at = indexOf(old);
        if (at < 0) {
            throw new IllegalStateException("The flow is not in the table.");
        }
        replacement.hash = old.hash;
        slots[at] = replacement;
    }

    /** A list of all connections, for whoever is about to end them. */
    List<Connection> connections() {
        List<Connection> found = new ArrayList<>();
        for (Flow flow : slots) {
            if (flow instanceof Connection connection) {
                found.add(connection);
            }
        }
        return found;
    }

    @SuppressWarnings("ReferenceEquality") // the flow itself, not another between the same ends
    private int indexOf(Flow flow) {
        int mask = slots.length - 1;
        int at = flow.hash & mask;
        while (slots[at] != flow) {
            if (slots[at] == null) {
                return -1;
            }
            at = (at + 1) & mask;
        }
        return at;
    }

    private void place(Flow flow) {
        int mask = slots.length - 1;
        int at = flow.hash & mask;
        while (slots[at] != null) {
            at = (at + 1) & mask;
        }
        slots[at] = flow;
    }

    private void grow() {
        @Nullable Flow[] old = slots;
        slots = new Flow[old.length * 2];
        for (Flow flow : old) {
            if (flow != null) {
                place(flow);
            }
        }
    }
}
