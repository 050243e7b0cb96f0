package io.uk4j.net.tcpip;

/**
 * A listening port whose connections are blocking streams. When as many are open as there may be, further ones wait in the
 * accept queue, and beyond that are not answered until there is room.
 *
 * <p>Thread rule: shared.
 */
public interface TcpServer extends AutoCloseable {
    /** Where it listens, with the port that was chosen if 0 was asked for. */
    Endpoint local();

    /**
     * Waits for a connection. Not for servers that {@link TcpStreams#serve} runs.
     *
     * @throws TcpException with {@link TcpException.Condition#CLOSED} if the server is or was closed, with {@link
     *     TcpException.Condition#INTERRUPTED} if the caller is interrupted
     * @throws IllegalStateException if the server hands its connections to a body
     */
    TcpStream accept();

    /** How many of its streams are open. */
    int open();

    /** Stops listening; streams that were accepted live on. Closing twice has no further effect. */
    @Override
    void close();
}
