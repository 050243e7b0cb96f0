package io.uk4j.net.tcpip;

/**
 * A port that takes connections. Half-open connections beyond the backlog are dropped, and so are new ones while the
 * accept queue is full: their clients try again.
 *
 * <p>Thread rule: loop-owned.
 */
public interface TcpListener extends AutoCloseable {
    /** Where it listens, with the port that was chosen if 0 was asked for. */
    Endpoint local();

    /** Offers what waits in the accept queue to the acceptor again, oldest first, until it takes none. */
    void resume();

    /** How many established connections wait in the accept queue. */
    int waiting();

    /** How many connections are in the middle of their handshake. */
    int halfOpen();

    /**
     * Stops listening. Half-open connections and those in the accept queue are reset; accepted ones live on. Closing twice
     * has no further effect.
     */
    @Override
    void close();
}
