package io.uk4j.net.tcpip.tcp;

import org.jspecify.annotations.Nullable;

/** Connections in the order of their coming, linked through themselves; a connection is in one list at most. */
final class ConnectionList {
    private @Nullable Connection first;
    private @Nullable Connection last;
    private int size;

    int size() {
        return size;
    }

    @Nullable
    Connection first() {
        return first;
    }

    void add(Connection connection) {
        connection.previous = last;
        connection.next = null;
        if (last == null) {
            first = connection;
        } else {
            last.next = connection;
        }
        last = connection;
        size++;
    }

    /** Takes out a connection that is in this list. */
    void remove(Connection connection) {
        Connection before = connection.previous;
        Connection after = connection.next;
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
        connection.previous = null;
        connection.next = null;
        size--;
    }
}
