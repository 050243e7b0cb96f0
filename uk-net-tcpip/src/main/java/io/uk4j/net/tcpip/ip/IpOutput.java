package io.uk4j.net.tcpip.ip;

/**
 * How a transport sends.
 *
 * <p>Thread rule: loop-owned.
 */
public interface IpOutput {
    /** The object to build an outbound packet in, reset. To be filled and given to {@link #send} before the next call. */
    Packet begin();

    /**
     * Sends the packet of {@link #begin}: puts the headers in front, finds the next hop, and queues it for the device. It
     * is sent, or dropped and counted; its references are gone either way.
     *
     * @param packet complete; source 0 takes this host's address
     */
    void send(Packet packet);

    /** How many more packets can be queued for the device in this round. A transport with data to send stops at 0. */
    int space();

    /** The largest packet to that destination in bytes, IP header included: the link's MTU or what RFC 1191 found. */
    int mtuBytes(int destination);

    /** This host's address towards that destination, as bits. */
    int sourceFor(int destination);

    /** Whether segments longer than the MTU may be sent with {@link Packet#gsoSize}, and how long in bytes, or 0. */
    int maxSegmentationBytes();
}
