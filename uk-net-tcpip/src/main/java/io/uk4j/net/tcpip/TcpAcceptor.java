package io.uk4j.net.tcpip;

import org.jspecify.annotations.Nullable;

/**
 * Decides who handles a connection that a listener has established.
 *
 * <p>Thread rule: called on the loop.
 */
@FunctionalInterface
public interface TcpAcceptor {
    /**
     * A connection is established.
     *
     * @param connection in use from now on; data may have arrived already
     * @return its handler; or null to let it wait in the listener's accept queue, which is bounded by the backlog, until
     *     {@link TcpListener#resume}
     */
    @Nullable
    TcpHandler tryAccept(TcpConnection connection);
}
