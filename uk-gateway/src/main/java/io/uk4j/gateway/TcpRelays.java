package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpException;
import io.uk4j.net.tcpip.TcpHandler;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * All TCP relays: makes them, counts them, and shares the pool among them. Data for a guest that does not read may take an
 * eighth of what is free then, so that there always is something free for the others. Data for a host's client that does
 * not read is the guest's to send; where that runs the pool short, the client that has taken nothing for longest is reset.
 */
final class TcpRelays {
    /** How long a client must have taken nothing before it is reset for its memory. */
    static final long STALL_NS = 5_000_000_000L;

    private static final long CHECK_INTERVAL_NS = 1_000_000_000L;

    private final HostSockets sockets;
    private final BufferPool pool;
    private final GatewayCounters counters;
    private final EventLoop loop;
    private final HostAddresses addresses;
    private final int limit;
    private final StalledRelays stalled = new StalledRelays();
    private final Timer stallTimer;
    private @Nullable NetStack stack;
    private int count;

    TcpRelays(
            HostSockets sockets,
            EventLoop loop,
            BufferPool pool,
            HostAddresses addresses,
            int limit,
            GatewayCounters counters) {
        this.sockets = sockets;
        this.loop = loop;
        this.pool = pool;
        this.addresses = addresses;
        this.limit = limit;
        this.counters = counters;
        stallTimer = loop.newTimer(this::checkStalled);
    }

    /** The stack that the guest talks to; set once, before anything else. */
    void stack(NetStack newStack) {
        stack = newStack;
    }

    private NetStack stack() {
        NetStack current = stack;
        if (current == null) {
            throw new IllegalStateException("There is no stack yet.");
        }
        return current;
    }

    HostSockets sockets() {
        return sockets;
    }

    GatewayCounters counters() {
        return counters;
    }

    /** How many relays there are; another thread sees what was true a moment ago. */
    int count() {
        return count;
    }

    /** Whether a relay that has so much under way to the guest may add to it. */
    boolean mayQueue(int queuedBytes) {
        return queuedBytes <= pool.availableBytes() / 8;
    }

    /** A buffer for as much as possible, or null. */
    @Nullable
    ByteBuf tryAcquire() {
        ByteBuf buffer = pool.tryAcquire(pool.maxBytes());
        return buffer != null ? buffer : pool.tryAcquire(1);
    }

    // --- from the host to the guest

    /** Somebody has connected to a port of the host. */
    void accepted(SocketChannel host, Endpoint guest) {
        if (count >= limit) {
            counters.refusedLimit.increment();
            end(host, false);
            return;
        }
        try {
            TcpRelay relay = new TcpRelay(this, host);
            relay.start(stack().tcp().connect(guest, relay), 0);
            count++;
            counters.accepted.increment();
        } catch (IOException | TcpException _) {
            counters.refusedNoSocket.increment();
            end(host, false);
        }
    }

    // --- from the guest to the host

    /** The guest wants to connect; its handshake is held. */
    @Nullable
    TcpHandler tryConnect(TcpConnection held) {
        if (count >= limit) {
            counters.refusedLimit.increment();
            return null;
        }
        SocketChannel host = null;
        try {
            host = SocketChannel.open(StandardProtocolFamily.INET);
            TcpRelay relay = new TcpRelay(this, host);
            boolean connected = connect(host, held.local());
            relay.start(held, connected ? 0 : SelectionKey.OP_CONNECT);
            count++;
            if (connected) {
                hostConnected(held);
            }
            return relay;
        } catch (IOException _) {
            if (host == null) {
                counters.refusedNoSocket.increment();
            } else {
                counters.refusedByHost.increment();
                end(host, false);
            }
            return null;
        }
    }

    private boolean connect(SocketChannel host, Endpoint wanted) throws IOException {
        try {
            return host.connect(addresses.socketAddress(wanted));
        } catch (RuntimeException e) {
            // Addresses that the JDK will not try at all.
            throw new IOException("Cannot connect to " + wanted + ".", e);
        }
    }

    void hostConnected(TcpConnection held) {
        counters.connected.increment();
        stack().proceed(held);
    }

    // --- the end

    /** A relay's guest connection has ended. */
    void ended(SocketChannel host, boolean orderly) {
        count--;
        end(host, orderly);
    }

    private static void end(SocketChannel host, boolean orderly) {
        try (host) {
            if (!orderly) {
                // With no time to linger, closing resets.
                host.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException _) {
            // It has ended, one way or the other.
        }
    }

    // --- those that stall

    void stalled(TcpRelay relay) {
        relay.stalledSinceNs = loop.clock().nowNs();
        stalled.add(relay);
        if (!stallTimer.isScheduled()) {
            stallTimer.schedule(relay.stalledSinceNs + CHECK_INTERVAL_NS);
        }
    }

    void progressed(TcpRelay relay) {
        stalled.remove(relay);
    }

    private void checkStalled() {
        long nowNs = loop.clock().nowNs();
        TcpRelay first = stalled.first();
        while (first != null
                && pool.availableBytes() < pool.capacityBytes() / 8
                && nowNs - first.stalledSinceNs >= STALL_NS) {
            stalled.remove(first);
            counters.stalledReset.increment();
            first.giveUp();
            first = stalled.first();
        }
        if (first != null) {
            stallTimer.schedule(nowNs + CHECK_INTERVAL_NS);
        }
    }

    void close() {
        stallTimer.cancel();
    }
}
