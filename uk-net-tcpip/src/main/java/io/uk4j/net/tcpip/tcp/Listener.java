package io.uk4j.net.tcpip.tcp;

import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.TcpAcceptor;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.TcpListener;
import org.jspecify.annotations.Nullable;

/** A listening port: its half-open connections, and those that are established and not yet accepted. */
final class Listener implements TcpListener {
    final int address;
    final int port;

    @Nullable
    Listener nextAtPort;

    /** Whether it is in the list of those who have something to offer. */
    boolean isOffering;

    private final TcpTransport tcp;
    private final int backlog;
    private final TcpAcceptor acceptor;
    private final ConnectionList halfOpen = new ConnectionList();
    private final ConnectionList established = new ConnectionList();
    private boolean closed;
    private boolean offering;

    Listener(TcpTransport tcp, int address, int port, int backlog, TcpAcceptor acceptor) {
        this.tcp = tcp;
        this.address = address;
        this.port = port;
        this.backlog = backlog;
        this.acceptor = acceptor;
    }

    /** Why no further SYN is taken, or null if one is. */
    @Nullable
    TcpDrop refusal() {
        if (established.size() >= backlog) {
            return TcpDrop.ACCEPT_QUEUE_FULL;
        }
        return halfOpen.size() >= backlog ? TcpDrop.SYN_QUEUE_FULL : null;
    }

    void add(Connection c) {
        c.listener = this;
        halfOpen.add(c);
        tcp.needsOutput(c);
    }

    /** The handshake is complete: moves the connection to the accept queue, or returns false if that is full. */
    boolean tryEstablish(Connection c) {
        if (established.size() >= backlog) {
            return false;
        }
        halfOpen.remove(c);
        established.add(c);
        c.isInAcceptQueue = true;
        tcp.counters.accepted.increment();
        tcp.hasOffers(this);
        return true;
    }

    /** The connection has ended before it was accepted. */
    void forget(Connection c) {
        (c.isInAcceptQueue ? established : halfOpen).remove(c);
    }

    @Override
    public Endpoint local() {
        return new Endpoint(new Ipv4Address(address), port);
    }

    @Override
    public void resume() {
        if (offering) {
            return;
        }
        offering = true;
        try {
            Connection c = established.first();
            while (c != null && !closed) {
                TcpHandler handler;
                try {
                    handler = acceptor.tryAccept(c);
                } catch (RuntimeException e) {
                    tcp.handlerFailed(c, e);
                    c = established.first();
                    continue;
                }
                if (handler == null) {
                    return;
                }
                // If the acceptor has ended the connection, it is in no list any more, but its handler hears of that.
                if (c.listener == this) {
                    established.remove(c);
                    c.listener = null;
                }
                c.handler = handler;
                tcp.hasEvents(c);
                c = established.first();
            }
        } finally {
            offering = false;
        }
    }

    @Override
    public int waiting() {
        return established.size();
    }

    @Override
    public int halfOpen() {
        return halfOpen.size();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        tcp.listeners.remove(this);
        abortAll(halfOpen);
        abortAll(established);
    }

    private static void abortAll(ConnectionList list) {
        for (Connection c = list.first(); c != null; c = list.first()) {
            c.abort(TcpCloseReason.LISTENER_CLOSED);
        }
    }
}
