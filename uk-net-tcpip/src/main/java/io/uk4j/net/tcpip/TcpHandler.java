package io.uk4j.net.tcpip;

/**
 * Hears what happens to a connection. The calls come once a round at most, after all input of the round and before its
 * output: what a handler sends goes out with the acknowledgement of what it received. A handler may call anything on the
 * connection.
 *
 * <p>An exception that a handler throws is logged and counted, and aborts its connection.
 *
 * <p>Thread rule: called on the loop.
 */
public interface TcpHandler {
    /** The handshake is done. Not called for connections that a {@link TcpAcceptor} was given. */
    default void onConnected(TcpConnection connection) {}

    /** There are bytes to {@link TcpConnection#receive}. Called again only when more have arrived. */
    void onReadable(TcpConnection connection);

    /** After {@link TcpConnection#send} or {@link TcpConnection#write} could not take everything: there is space again. */
    default void onWritable(TcpConnection connection) {}

    /**
     * The peer has ended its stream (by a FIN), and everything before that was received: nothing more will come. Called
     * once. This side may go on sending; the default closes.
     */
    default void onPeerClosed(TcpConnection connection) {
        connection.close();
    }

    /**
     * The last call, exactly once: both sides have ended and everything was received, or the connection has failed, or
     * {@link TcpConnection#close} or {@link TcpConnection#abort} has run its course. Nothing can be received any more.
     */
    void onClosed(TcpConnection connection, TcpCloseReason reason);
}
