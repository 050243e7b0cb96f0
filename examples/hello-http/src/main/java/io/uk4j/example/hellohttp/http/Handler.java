package io.uk4j.example.hellohttp.http;

import java.io.IOException;

/**
 * Answers requests.
 *
 * <p>Thread rule: called by many connections, each on its own fiber.
 */
@FunctionalInterface
public interface Handler {
    /**
     * Answers one request; returns when the answer is complete.
     *
     * @param request valid during the call
     * @param response to be answered with exactly once
     * @throws IOException what the streams threw; the connection is closed
     * @throws ProtocolError what the body threw, or any of its own; the client gets it if nothing was sent yet
     */
    void handle(Request request, Response response) throws IOException;
}
