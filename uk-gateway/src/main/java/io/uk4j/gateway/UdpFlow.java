package io.uk4j.gateway;

import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/** A UDP conversation of a port of the guest with somebody else, and how the host reaches that one. */
abstract class UdpFlow {
    final int guestPort;
    /** Whom the guest believes to talk to. */
    final int farAddress;

    final int farPort;

    /** The socket that the guest's datagrams leave by. */
    final DatagramChannel channel;
    /** Where they go. */
    final SocketAddress peer;

    long usedNs;

    @Nullable
    UdpFlow nextInBucket;

    /** Neighbours by time of use. */
    @Nullable
    UdpFlow older;

    @Nullable
    UdpFlow newer;

    UdpFlow(int guestPort, int farAddress, int farPort, DatagramChannel channel, SocketAddress peer) {
        this.guestPort = guestPort;
        this.farAddress = farAddress;
        this.farPort = farPort;
        this.channel = channel;
        this.peer = peer;
    }

    final boolean isBetween(int port, int address, int otherPort) {
        return port == guestPort && address == farAddress && otherPort == farPort;
    }

    /** It is over: nothing more comes. */
    abstract void close();
}
