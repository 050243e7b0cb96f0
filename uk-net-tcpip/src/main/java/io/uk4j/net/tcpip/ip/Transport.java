package io.uk4j.net.tcpip.ip;

/**
 * What the internet layer hands inbound packets and errors to: TCP, UDP, ICMP.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Transport {
    /**
     * A packet for this host has arrived.
     *
     * @param packet valid during the call; the transport takes the fragments that it keeps
     * @param nowNs the time of this round
     */
    void input(Packet packet, long nowNs);

    /**
     * An ICMP error about a packet of this transport has arrived. It is a claim of whoever sent it: the transport checks
     * that the quoted header belongs to something it has in flight (RFC 5927).
     *
     * @param kind what went wrong
     * @param source the quoted packet's source, this host
     * @param destination the quoted packet's destination
     * @param transportHead the first eight octets of the quoted transport header
     * @param mtuBytes for {@link IcmpError#TOO_BIG} the next hop's MTU, else 0
     */
    void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes);

    /**
     * The device has room again after {@link IpOutput#space} was 0, or work is pending: send what waits, as far as there
     * is space. Called once a round, after all input.
     *
     * @param nowNs the time of this round
     * @return how many packets were sent
     */
    int output(long nowNs);

    /** Whether packets to everybody on the link concern this transport; else they are dropped below. */
    default boolean acceptsBroadcast() {
        return false;
    }

    /** The stack ends: forget everything, release every buffer, send nothing more. */
    default void close() {}
}
