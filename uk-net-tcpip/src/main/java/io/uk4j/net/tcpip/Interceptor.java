package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for all other hosts: a stack that is built with one is <em>transparent</em>. It answers ARP for every address
 * of its link but the asker's own, and takes TCP and UDP for every unicast address. What its own listeners and open ports
 * do not take goes to the interceptor. Of ICMP it takes only what is for its own address. This is for gateways that relay
 * to something else than a link, not for hosts.
 *
 * <p>Thread rule: called on the loop.
 */
public interface Interceptor {
    /**
     * Somebody wants to connect. The handshake is held: nothing is answered, and nothing ends it but {@link
     * NetStack#proceed}, {@link TcpConnection#abort} (which refuses it), or a reset of the peer's. {@link
     * TcpHandler#onConnected} tells when it is done after all.
     *
     * @param held where {@link TcpConnection#local} is whom the peer wants; not connected yet
     * @return who hears of what happens to it; or null to refuse it
     */
    @Nullable
    TcpHandler tryConnect(TcpConnection held);

    /**
     * A datagram has arrived; its checksum holds, or its sender computed none. {@link NetStack#sendUdp} answers it.
     *
     * @param source the sender's address, as {@link Ipv4Address#bits}
     * @param sourcePort the sender's port; 0 if no answer is wanted
     * @param destination whom it is for
     * @param destinationPort the port there
     * @param data on loan for the call, as in {@link UdpHandler#onDatagram}
     * @param offset index of the payload's first byte
     * @param length how many bytes, 0 to {@link UdpSocket#MAX_PAYLOAD_BYTES}
     */
    void onDatagram(
            int source, int sourcePort, int destination, int destinationPort, ByteBuf data, int offset, int length);
}
