package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;

/**
 * Hears of what happens at a {@link UdpSocket}.
 *
 * <p>Thread rule: called on the loop.
 */
@FunctionalInterface
public interface UdpHandler {
    /**
     * A datagram has arrived; its checksum holds, or its sender computed none.
     *
     * @param socket where
     * @param source the sender's address, as {@link Ipv4Address#bits}; anybody can claim any
     * @param sourcePort the sender's port; 0 if no answer is wanted
     * @param data on loan for the call, to be read at absolute indices only; whoever wants it for longer calls {@link
     *     ByteBuf#retain} and releases it on this loop. A kept buffer is a slot that the device cannot receive into.
     * @param offset index of the payload's first byte
     * @param length how many bytes, 0 to {@link UdpSocket#MAX_PAYLOAD_BYTES}
     */
    void onDatagram(UdpSocket socket, int source, int sourcePort, ByteBuf data, int offset, int length);

    /**
     * Somebody on the way, or who pretends to be, says that a datagram could not be delivered (RFC 1122, section 4.1.3.3).
     * Does nothing unless overridden.
     *
     * @param socket where it was sent from
     * @param destination where it was sent to, as {@link Ipv4Address#bits}
     * @param destinationPort the port there
     */
    default void onUnreachable(UdpSocket socket, int destination, int destinationPort) {}
}
