package io.uk4j.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A UDP port of the host that leads to the guest. Each peer gets a port of the gateway's address, its own if that is free,
 * so that the guest can tell peers apart and answer them.
 */
final class UdpPort implements HostSocket, AutoCloseable {
    private static final int FIRST_PORT = 1024;
    private static final int PORTS = 65_536 - FIRST_PORT;

    private final DatagramChannel channel;
    private final UdpRelays relays;
    private final int guestPort;

    /** Bounded by the table of conversations, which has them all. */
    private final Map<SocketAddress, InboundFlow> byPeer = new HashMap<>();

    UdpPort(DatagramChannel channel, UdpRelays relays, int guestPort) throws IOException {
        this.channel = channel;
        this.relays = relays;
        this.guestPort = guestPort;
        SelectionKey _ = relays.sockets().register(channel, SelectionKey.OP_READ, this);
    }

    @Override
    public void ready(int ops) {
        for (int i = 0; i < UdpRelays.DATAGRAMS_PER_TURN; i++) {
            try {
                SocketAddress peer = channel.receive(relays.received().clear());
                if (peer == null) {
                    return;
                }
                received(peer);
            } catch (IOException _) {
                // Some systems tell here that an earlier answer found nobody.
                relays.counters().datagramsDropped.increment();
            }
        }
    }

    private void received(SocketAddress peer) {
        InboundFlow flow = byPeer.get(peer);
        if (flow == null) {
            flow = tryOpen(peer);
        }
        if (flow == null) {
            relays.counters().datagramsDropped.increment();
        } else {
            relays.toGuest(flow);
        }
    }

    private @Nullable InboundFlow tryOpen(SocketAddress peer) {
        int start = ((InetSocketAddress) peer).getPort();
        for (int i = 0; i < PORTS; i++) {
            int port = i == 0 ? start : FIRST_PORT + (start + i) % PORTS;
            if (port != 0 && relays.find(guestPort, relays.gatewayAddress(), port) == null) {
                InboundFlow flow = new InboundFlow(port, peer);
                byPeer.put(peer, flow);
                relays.add(flow);
                return flow;
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** A conversation that somebody outside began. */
    private final class InboundFlow extends UdpFlow {
        private final SocketAddress from;

        InboundFlow(int farPort, SocketAddress from) {
            super(UdpPort.this.guestPort, relays.gatewayAddress(), farPort, UdpPort.this.channel, from);
            this.from = from;
        }

        @Override
        void close() {
            byPeer.remove(from);
        }
    }
}
