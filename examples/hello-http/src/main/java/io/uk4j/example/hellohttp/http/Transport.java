package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The connection that a server speaks over, and the whole of what it needs of it.
 *
 * <p>Thread rule: used by one thread or fiber, the one that serves the connection.
 */
public interface Transport {
    /** What the peer sends. A read that takes longer than allowed throws {@link java.net.SocketTimeoutException}. */
    InputStream input();

    /** What the peer gets. A write returns once the bytes are copied, and blocks while the peer does not take them. */
    OutputStream output();

    /**
     * Says how long each of the following reads may block.
     *
     * @param timeoutNs more than 0
     * @throws IOException if the connection is gone
     */
    void readTimeoutNs(long timeoutNs) throws IOException;

    /**
     * Ends the output, so that the peer sees the end of the stream after what was written.
     *
     * @throws IOException if the connection is gone
     */
    void shutdownOutput() throws IOException;
}
