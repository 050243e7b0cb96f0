package io.uk4j.net.tcpip;

/**
 * TCP (RFC 9293) of one stack: listening and connecting, with callbacks on the loop.
 *
 * <p>Everything is bounded: connections, those in TIME-WAIT, half-open ones and those not yet accepted by each listener,
 * and the memory of each connection. What is over a bound is refused or dropped, and counted.
 *
 * <p>Thread rule: loop-owned.
 */
public interface Tcp {
    /**
     * Listens for connections.
     *
     * @param local where; {@link Ipv4Address#ANY} takes every address of this host, port 0 takes a free port
     * @param backlog how many connections may be half-open, and again how many may wait to be accepted, 1 to 65,535
     * @param acceptor asked for a handler whenever a connection is established
     * @throws TcpException with {@link TcpException.Condition#ADDRESS_IN_USE} if somebody listens there already, with
     *     {@link TcpException.Condition#NO_RESOURCES} if no port is free
     * @throws IllegalArgumentException if {@code backlog} is out of its range
     */
    TcpListener listen(Endpoint local, int backlog, TcpAcceptor acceptor);

    /**
     * Opens a connection. The handshake has only begun when this returns: {@link TcpHandler#onConnected} tells when it is
     * done, {@link TcpHandler#onClosed} when it failed. What is sent until then is kept.
     *
     * @param remote the far end, with a port
     * @param handler hears of all that happens to the connection
     * @throws TcpException with {@link TcpException.Condition#NO_RESOURCES} if the limit of connections is reached or no
     *     ephemeral port is free
     * @throws IllegalArgumentException if the far end has no port, or is not the address of one host
     */
    TcpConnection connect(Endpoint remote, TcpHandler handler);

    /** How many connections there are, in all states but CLOSED and TIME-WAIT. */
    int connections();
}
