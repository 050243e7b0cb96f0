package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.net.tcpip.NetStack;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;

/**
 * Relays UDP. Each conversation that the guest begins has a socket of its own on the host, and what strangers send to
 * it is dropped. What comes in by a forward shares the forward's socket, and has a port of the gateway's address that the
 * guest answers to.
 */
final class UdpRelays {
    /** A conversation ends when nothing was said for so long (RFC 4787 wants two minutes of a NAT for strangers, and allows less). */
    static final long IDLE_NS = 60_000_000_000L;

    /** Datagrams of one socket before it is another one's turn. */
    static final int DATAGRAMS_PER_TURN = 64;

    private final HostSockets sockets;
    private final EventLoop loop;
    private final BufferPool pool;
    private final HostAddresses addresses;
    private final int guest;
    private final UdpFlowTable flows;
    private final GatewayCounters counters;
    private final Timer idleTimer;
    private final ByteBuffer received = ByteBuffer.allocateDirect(65_536);
    private @Nullable NetStack stack;

    UdpRelays(
            HostSockets sockets,
            EventLoop loop,
            BufferPool pool,
            HostAddresses addresses,
            int guest,
            int flowLimit,
            GatewayCounters counters) {
        this.sockets = sockets;
        this.loop = loop;
        this.pool = pool;
        this.addresses = addresses;
        this.guest = guest;
        this.counters = counters;
        flows = new UdpFlowTable(flowLimit);
        idleTimer = loop.newTimer(this::expire);
    }

    /** The stack that the guest talks to; set once, before anything else. */
    void stack(NetStack newStack) {
        stack = newStack;
    }

    HostSockets sockets() {
        return sockets;
    }

    GatewayCounters counters() {
        return counters;
    }

    /** How many conversations there are; another thread sees what was true a moment ago. */
    int count() {
        return flows.size();
    }

    int gatewayAddress() {
        return addresses.gateway().bits();
    }

    // --- from the guest to the host

    /** The guest has sent a datagram to somebody. */
    void fromGuest(int port, int destination, int destinationPort, ByteBuf data, int offset, int length) {
        UdpFlow flow = flows.find(port, destination, destinationPort);
        if (flow == null) {
            flow = tryOpen(port, destination, destinationPort);
        }
        if (flow == null) {
            counters.datagramsDropped.increment();
            return;
        }
        touch(flow);
        try {
            ByteBuffer bytes = data.internalNioBuffer(offset, length);
            // Of an empty datagram 0 bytes are sent either way.
            boolean sent = flow.channel.send(bytes, flow.peer) == length;
            (sent ? counters.datagramsToHost : counters.datagramsDropped).increment();
        } catch (IOException _) {
            // A port of the host's may be closed now and open later, as any other's.
            counters.datagramsDropped.increment();
        }
    }

    private @Nullable UdpFlow tryOpen(int port, int destination, int destinationPort) {
        DatagramChannel channel = null;
        try {
            // Not connected: the JDK sends no empty datagrams by a connected channel.
            channel = DatagramChannel.open(StandardProtocolFamily.INET);
            OutboundFlow flow = new OutboundFlow(
                    port, destination, destinationPort, channel, addresses.socketAddress(destination, destinationPort));
            sockets.register(channel, SelectionKey.OP_READ, flow);
            add(flow);
            return flow;
        } catch (IOException | RuntimeException _) {
            closeQuietly(channel);
            return null;
        }
    }

    // --- from the host to the guest

    /** Takes one datagram from the socket of a conversation; returns whether there may be more. */
    private boolean receive(OutboundFlow flow) {
        received.clear();
        try {
            SocketAddress from = flow.channel.receive(received);
            if (from == null) {
                return false;
            }
            if (!from.equals(flow.peer)) {
                counters.datagramsDropped.increment();
                return true;
            }
        } catch (IOException _) {
            // Some systems tell here that an earlier datagram of the guest's found nobody.
            return true;
        }
        toGuest(flow);
        return true;
    }

    /** Where to receive into. */
    ByteBuffer received() {
        return received;
    }

    /** Sends what was received to the guest. */
    void toGuest(UdpFlow flow) {
        touch(flow);
        received.flip();
        ByteBuf data = copy(received);
        NetStack to = stack;
        if (data != null && to != null && to.sendUdp(flow.farAddress, flow.farPort, guest, flow.guestPort, data)) {
            counters.datagramsToGuest.increment();
        } else {
            counters.datagramsDropped.increment();
        }
    }

    private @Nullable ByteBuf copy(ByteBuffer source) {
        int length = source.remaining();
        ByteBuf target =
                length <= pool.maxBytes() ? pool.tryAcquire(Math.max(1, length)) : Unpooled.directBuffer(length);
        return target == null ? null : target.writeBytes(source);
    }

    // --- conversations

    @Nullable
    UdpFlow find(int guestPort, int farAddress, int farPort) {
        return flows.find(guestPort, farAddress, farPort);
    }

    void add(UdpFlow flow) {
        if (flows.isFull() && flows.oldest() != null) {
            counters.flowsEvicted.increment();
            flows.remove(flows.oldest());
        }
        long nowNs = loop.clock().nowNs();
        flows.add(flow, nowNs);
        if (!idleTimer.isScheduled()) {
            idleTimer.schedule(nowNs + IDLE_NS);
        }
    }

    private void touch(UdpFlow flow) {
        flows.touch(flow, loop.clock().nowNs());
    }

    private void expire() {
        long nowNs = loop.clock().nowNs();
        UdpFlow oldest = flows.oldest();
        while (oldest != null && nowNs - oldest.usedNs >= IDLE_NS) {
            counters.flowsExpired.increment();
            flows.remove(oldest);
            oldest = flows.oldest();
        }
        if (oldest != null) {
            idleTimer.schedule(oldest.usedNs + IDLE_NS);
        }
    }

    void close() {
        idleTimer.cancel();
        flows.clear();
    }

    private static void closeQuietly(@Nullable DatagramChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException _) {
                // There is nothing left to lose.
            }
        }
    }

    /** A conversation that the guest began. */
    private final class OutboundFlow extends UdpFlow implements HostSocket {
        OutboundFlow(int guestPort, int farAddress, int farPort, DatagramChannel channel, SocketAddress peer) {
            super(guestPort, farAddress, farPort, channel, peer);
        }

        @Override
        public void ready(int ops) {
            for (int i = 0; i < DATAGRAMS_PER_TURN && receive(this); i++) {
                // One by one.
            }
        }

        @Override
        void close() {
            closeQuietly(channel);
        }
    }
}
