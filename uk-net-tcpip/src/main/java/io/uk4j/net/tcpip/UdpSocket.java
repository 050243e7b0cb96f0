package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.udp.Udp;
import io.uk4j.net.tcpip.udp.UdpReceiver;

/**
 * An open UDP port (RFC 768); made by {@link NetStack#openUdp}.
 *
 * <p>Datagrams that arrive are handed over at once and are not queued. Those that are sent are queued for the device, and
 * dropped where there is no room.
 *
 * <p>Thread rule: loop-owned.
 */
public final class UdpSocket implements AutoCloseable {
    /** The longest payload in bytes; what is longer than the path's MTU travels in fragments. */
    public static final int MAX_PAYLOAD_BYTES = Udp.MAX_PAYLOAD_BYTES;

    private final Udp udp;
    private final Ipv4Address address;
    private final int port;
    private boolean closed;

    private UdpSocket(Udp udp, Ipv4Address address, int wantedPort, UdpHandler handler) {
        this.udp = udp;
        this.address = address;
        port = udp.tryOpen(wantedPort, new UdpReceiver() {
            @Override
            public void datagram(int source, int sourcePort, ByteBuf data, int offset, int length) {
                handler.onDatagram(UdpSocket.this, source, sourcePort, data, offset, length);
            }

            @Override
            public void unreachable(int destination, int destinationPort) {
                handler.onUnreachable(UdpSocket.this, destination, destinationPort);
            }
        });
    }

    static UdpSocket open(Udp udp, Ipv4Address address, int port, UdpHandler handler) {
        UdpSocket socket = new UdpSocket(udp, address, port, handler);
        if (socket.port < 0) {
            throw UdpException.cannotOpen(port);
        }
        return socket;
    }

    /** This end: the host's address and the port. */
    public Endpoint local() {
        return new Endpoint(address, port);
    }

    /**
     * Sends a datagram.
     *
     * @param destination the receiver's address, as {@link Ipv4Address#bits}; may be the link's broadcast address
     * @param destinationPort the receiver's port, 1 to 65,535
     * @param data its readable bytes are the payload. The reference is the stack's from now on, whatever is returned or
     *     thrown. It is sent without copying if it has a memory address; its header is put in front, if nobody else holds
     *     the buffer and 42 bytes are free there, as in one fresh from the stack's pool
     * @return false if it was dropped at once as there was no room; true says no more than that it was tried
     * @throws IllegalArgumentException if the payload is longer than {@link #MAX_PAYLOAD_BYTES} or the port is out of range
     * @throws IllegalStateException if the socket is closed
     */
    public boolean send(int destination, int destinationPort, ByteBuf data) {
        if (closed || destinationPort < 1 || destinationPort > 65_535 || data.readableBytes() > MAX_PAYLOAD_BYTES) {
            int bytes = data.readableBytes();
            data.release();
            if (closed) {
                throw new IllegalStateException("This socket is closed.");
            }
            throw new IllegalArgumentException("The port " + destinationPort + " is not within 1 and 65535, or " + bytes
                    + " bytes are more than " + MAX_PAYLOAD_BYTES + ".");
        }
        return udp.send(0, port, destination, destinationPort, data);
    }

    /** Closes the port: nothing arrives any more. Closing twice has no further effect. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            udp.close(port);
        }
    }
}
