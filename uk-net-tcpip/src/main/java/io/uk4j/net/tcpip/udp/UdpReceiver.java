package io.uk4j.net.tcpip.udp;

import io.netty.buffer.ByteBuf;

/**
 * What listens at a UDP port.
 *
 * <p>Thread rule: called on the loop.
 */
public interface UdpReceiver {
    /**
     * A datagram.
     *
     * @param source the sender's address, as bits
     * @param sourcePort the sender's port
     * @param data on loan for the call
     * @param offset index of the payload's first byte
     * @param length how many bytes, 0 or more
     */
    void datagram(int source, int sourcePort, ByteBuf data, int offset, int length);

    /**
     * A datagram that was sent from here did not arrive.
     *
     * @param destination where it was sent to, as bits
     * @param destinationPort the port there
     */
    void unreachable(int destination, int destinationPort);
}
