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

    /**
     * Called by a transport that got {@link IcmpError#TOO_BIG} and found that it is about a packet of its own: from now on
     * {@link #mtuBytes} is lower. The default has no table and does nothing.
     *
     * @param destination where the packet went
     * @param mtuBytes what the error said; implausible values are corrected
     */
    default void lowerMtu(int destination, int mtuBytes) {}

    /** This host's address towards that destination, as bits. */
    int sourceFor(int destination);

    /**
     * How long a packet with {@link Packet#gsoSize} may be, in bytes, IP header included; 0 if the device does not cut
     * segments.
     */
    int maxSegmentationBytes();

    /** How many fragments a packet with {@link Packet#gsoSize} may have; any other is put together where it has too many. */
    default int maxSegmentationFragments() {
        return Packet.MAX_FRAGMENTS;
    }
}
