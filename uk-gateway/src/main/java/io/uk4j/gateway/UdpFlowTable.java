package io.uk4j.gateway;

import org.jspecify.annotations.Nullable;

/** The UDP conversations, found by their ends in constant time and ordered by their last use. */
@SuppressWarnings("ReferenceEquality") // Flows are compared by identity.
final class UdpFlowTable {
    private final int limit;
    private final @Nullable UdpFlow[] buckets;
    private @Nullable UdpFlow oldest;
    private @Nullable UdpFlow newest;
    private int size;

    UdpFlowTable(int limit) {
        this.limit = limit;
        buckets = new UdpFlow[Integer.highestOneBit(limit) * 2];
    }

    /** How many there are; another thread sees what was true a moment ago. */
    int size() {
        return size;
    }

    boolean isFull() {
        return size >= limit;
    }

    /** The one that was not used for longest. */
    @Nullable
    UdpFlow oldest() {
        return oldest;
    }

    @Nullable
    UdpFlow find(int guestPort, int farAddress, int farPort) {
        UdpFlow flow = buckets[bucket(guestPort, farAddress, farPort)];
        while (flow != null && !flow.isBetween(guestPort, farAddress, farPort)) {
            flow = flow.nextInBucket;
        }
        return flow;
    }

    /** Adds a flow that is not there, as the newest; there is room. */
    void add(UdpFlow flow, long nowNs) {
        int bucket = bucket(flow.guestPort, flow.farAddress, flow.farPort);
        flow.nextInBucket = buckets[bucket];
        buckets[bucket] = flow;
        size++;
        flow.usedNs = nowNs;
        append(flow);
    }

    /** A flow is in use. */
    void touch(UdpFlow flow, long nowNs) {
        flow.usedNs = nowNs;
        if (flow != newest) {
            unlink(flow);
            append(flow);
        }
    }

    /** Takes a flow out and closes it. */
    void remove(UdpFlow flow) {
        int bucket = bucket(flow.guestPort, flow.farAddress, flow.farPort);
        UdpFlow at = buckets[bucket];
        if (at == flow) {
            buckets[bucket] = flow.nextInBucket;
        } else {
            while (at != null && at.nextInBucket != flow) {
                at = at.nextInBucket;
            }
            if (at == null) {
                return;
            }
            at.nextInBucket = flow.nextInBucket;
        }
        size--;
        unlink(flow);
        flow.close();
    }

    void clear() {
        for (UdpFlow flow = oldest; flow != null; flow = oldest) {
            remove(flow);
        }
    }

    private void append(UdpFlow flow) {
        flow.older = newest;
        flow.newer = null;
        if (newest == null) {
            oldest = flow;
        } else {
            newest.newer = flow;
        }
        newest = flow;
    }

    private void unlink(UdpFlow flow) {
        UdpFlow before = flow.older;
        UdpFlow after = flow.newer;
        if (before == null) {
            oldest = after;
        } else {
            before.newer = after;
        }
        if (after == null) {
            newest = before;
        } else {
            after.older = before;
        }
    }

    private int bucket(int guestPort, int farAddress, int farPort) {
        // The guest alone chooses what is in here, and there is a limit to it: any spread will do.
        int hash = (farAddress * 31 + guestPort * 0x9e3779b1) ^ (farPort * 0x85ebca6b);
        return (hash ^ (hash >>> 15)) & (buckets.length - 1);
    }
}
