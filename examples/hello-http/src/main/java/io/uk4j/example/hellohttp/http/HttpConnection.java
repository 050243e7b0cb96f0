package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection: request after request, in order, until one side has enough. */
final class HttpConnection {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final int INPUT_BYTES = 16 * 1024;
    private static final int OUTPUT_BYTES = 32 * 1024;
    private static final long SECOND_NS = 1_000_000_000L;

    private final HttpServer server;
    private final Limits limits;
    private final Transport transport;
    private final Patience patience;
    private final BufferedOutput output;
    private final BufferedInput input;
    private final RequestParser parser;

    HttpConnection(HttpServer server, Transport transport) {
        this.server = server;
        this.limits = server.limits();
        this.transport = transport;
        this.patience = new Patience(transport, server.nowNs());
        this.output = new BufferedOutput(transport.output(), OUTPUT_BYTES);
        this.input = new BufferedInput(transport.input(), INPUT_BYTES, output, patience);
        this.parser = new RequestParser(input, limits);
    }

    void run() throws IOException {
        while (awaitRequest() && serveOne()) {
            // All is in the condition.
        }
        output.flush();
        linger();
    }

    /** Waits for the first byte of a request. Silence is no error: the connection is just not needed any more. */
    private boolean awaitRequest() throws IOException {
        patience.grant(limits.idleNs());
        try {
            return input.peek() >= 0;
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    /** Serves a request. Returns whether the connection may serve another. */
    private boolean serveOne() throws IOException {
        Response response = new Response(output, server.date(), false, false);
        try {
            patience.grant(limits.headNs());
            Request request = parser.tryParse();
            if (request == null) {
                return false;
            }
            response = new Response(output, server.date(), request.method().equals("HEAD"), request.keepAlive());
            patience.grant(limits.bodyNs(), SECOND_NS / limits.bodyBytesPerSecond());
            return answer(request, response);
        } catch (ProtocolError e) {
            refuse(response, e.status(), e.reason());
        } catch (SocketTimeoutException _) {
            refuse(response, Status.REQUEST_TIMEOUT, "The request took too long to arrive.");
        }
        return false;
    }

    private boolean answer(Request request, Response response) throws IOException {
        BodyInput body = (BodyInput) request.body();
        if (request.minorVersion() > 0 && !request.fields().all("expect").isEmpty()) {
            body.onFirstRead(() -> output.write("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        try {
            server.handler().handle(request, response);
        } catch (RuntimeException e) {
            if (e instanceof ProtocolError) {
                throw e;
            }
            LOG.warn("{} {} failed.", request.method(), request.path(), e);
            refuse(response, Status.INTERNAL_ERROR, "The server failed; its log says more.");
            return false;
        }
        if (!response.isComplete()) {
            LOG.warn("{} {} was not answered completely.", request.method(), request.path());
            refuse(response, Status.INTERNAL_ERROR, "The server failed; its log says more.");
            return false;
        }
        server.stats().answered(response.status());
        // A client that waits for 100 Continue may or may not send its content now: nobody knows what the next byte is.
        return response.keepAlive() && !body.isUnasked() && body.drain(new byte[4096], limits.drainBytes());
    }

    /** Answers with an error, if nothing was sent for this request yet; the connection ends in any case. */
    private void refuse(Response response, int status, String reason) throws IOException {
        server.stats().answered(status);
        if (response.status() == 0) {
            response.close();
            response.send(
                    status, "text/plain; charset=utf-8", status + " " + Status.phrase(status) + ". " + reason + "\n");
        }
    }

    /** Ends our side, then takes what is still on its way, for a while: closing at once would reset the connection. */
    private void linger() throws IOException {
        transport.shutdownOutput();
        patience.grant(limits.lingerNs());
        InputStream rest = transport.input();
        byte[] scratch = new byte[4096];
        try {
            patience.beforeRead();
            for (int left = limits.drainBytes(); left > 0; ) {
                int count = rest.read(scratch);
                if (count < 0) {
                    return;
                }
                left -= count;
                patience.beforeRead();
            }
        } catch (SocketTimeoutException _) {
            LOG.debug("The client did not close in time.");
        }
    }
}
