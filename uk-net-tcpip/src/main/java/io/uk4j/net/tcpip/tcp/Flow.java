package io.uk4j.net.tcpip.tcp;

/** What a segment can be for: the two ends, as the {@link FlowTable} knows them. */
abstract class Flow {
    final int localAddress;
    final int localPort;
    final int remoteAddress;
    final int remotePort;

    /** Kept by the table. */
    int hash;

    Flow(int localAddress, int localPort, int remoteAddress, int remotePort) {
        this.localAddress = localAddress;
        this.localPort = localPort;
        this.remoteAddress = remoteAddress;
        this.remotePort = remotePort;
    }

    final boolean isBetween(int local, int lPort, int remote, int rPort) {
        return remoteAddress == remote && remotePort == rPort && localPort == lPort && localAddress == local;
    }
}
