package io.uk4j.net.tcpip.ip;

import io.uk4j.core.net.NetDeviceInfo;

/**
 * What carries packets to the next hop.
 *
 * <p>Ownership: each call takes all references of the packet, which is reset; it is sent, kept until the next hop's
 * address is known, or dropped and counted.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Link {
    /** The device below. */
    NetDeviceInfo info();

    /**
     * Sends to one host of the link.
     *
     * @param packet begins with its IPv4 header, which has 14 bytes free in front
     * @param nextHop the host
     */
    void send(Packet packet, int nextHop);

    /**
     * Sends to stations whose Ethernet address is known.
     *
     * @param packet as for {@link #send}
     * @param mac the address, in the low 48 bits
     */
    void sendTo(Packet packet, long mac);

    /** How many more packets certainly find room. */
    int space();
}
