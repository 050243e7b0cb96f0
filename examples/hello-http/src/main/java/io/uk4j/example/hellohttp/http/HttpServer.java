package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * What all connections of a server share.
 *
 * <p>Thread rule: shared.
 *
 * @param handler answers the requests
 * @param limits what one connection may cost
 * @param nowNs monotonic time
 * @param date wall-clock time for the Date field
 * @param stats where is counted
 */
public record HttpServer(Handler handler, Limits limits, LongSupplier nowNs, HttpDate date, HttpStats stats) {
    /**
     * Serves a connection until one side ends it. The caller closes it afterwards.
     *
     * @param transport the connection; used by nobody else meanwhile
     * @throws IOException if the connection broke; nothing is to be done about it
     */
    public void serve(Transport transport) throws IOException {
        stats.opened();
        try {
            new HttpConnection(this, transport).run();
        } finally {
            stats.closed();
        }
    }
}
