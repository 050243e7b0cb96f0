package io.uk4j.gateway;

import org.jspecify.annotations.Nullable;

/** Relays whose host takes nothing, the one that has waited longest first. */
final class StalledRelays {
    private @Nullable TcpRelay first;
    private @Nullable TcpRelay last;

    @Nullable
    TcpRelay first() {
        return first;
    }

    void add(TcpRelay relay) {
        relay.isStalled = true;
        relay.previous = last;
        if (last == null) {
            first = relay;
        } else {
            last.next = relay;
        }
        last = relay;
    }

    void remove(TcpRelay relay) {
        TcpRelay before = relay.previous;
        TcpRelay after = relay.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        relay.previous = null;
        relay.next = null;
        relay.isStalled = false;
    }
}
