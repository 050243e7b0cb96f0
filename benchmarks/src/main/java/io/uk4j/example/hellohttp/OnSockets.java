package io.uk4j.example.hellohttp;

import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.example.hellohttp.http.HttpDate;
import io.uk4j.example.hellohttp.http.HttpServer;
import io.uk4j.example.hellohttp.http.HttpStats;
import io.uk4j.example.hellohttp.http.Limits;
import io.uk4j.example.hellohttp.http.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** hello-http on the JDK's sockets: the same server and the same pages, for a guest that has an operating system. */
public final class OnSockets {
    private static final Logger LOG = LoggerFactory.getLogger(OnSockets.class);
    private static final int PORT = 80;
    private static final int BACKLOG = 1024;

    private OnSockets() {}

    /**
     * Serves until the machine is switched off.
     *
     * @param args none; or {@code train}, to ask itself for the page twice and end, so that the JVM records what that takes
     * @throws IOException if nobody can connect any more
     */
    public static void main(String[] args) throws IOException {
        HttpStats stats = new HttpStats();
        MetricRegistry counters = new MetricRegistry();
        counters.gauge("hello_http_connections", "HTTP connections open now", stats::live);
        counters.gauge("hello_http_connections_accepted", "HTTP connections since the start", stats::connections);
        counters.gauge(
                "hello_http_requests_answered", "Requests answered with success since the start", stats::answered);
        counters.gauge(
                "hello_http_requests_refused", "Requests answered with an error since the start", stats::refused);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("platform", "sockets");
        facts.put("Java", Runtime.version().toString());
        Site site = new Site(facts, stats, counters, () -> "", null, System::nanoTime);
        HttpDate date = new HttpDate(() -> TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));
        HttpServer server = new HttpServer(site.handler(), Limits.DEFAULT, System::nanoTime, date, stats);
        try (ServerSocket listener = new ServerSocket(PORT, BACKLOG)) {
            LOG.info("Listening on port {}", PORT);
            System.out.println("Ready: " + listener.getLocalSocketAddress());
            if (args.length > 0) {
                Thread.ofPlatform().start(OnSockets::train);
            }
            while (true) {
                Socket client = listener.accept();
                Thread.ofPlatform().start(() -> serve(server, client));
            }
        }
    }

    private static void train() {
        byte[] request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 2; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), PORT)) {
                socket.getOutputStream().write(request);
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                LOG.error("Training failed", e);
                System.exit(1);
            }
        }
        System.exit(0);
    }

    private static void serve(HttpServer server, Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            server.serve(new SocketTransport(client, client.getInputStream(), client.getOutputStream()));
        } catch (IOException e) {
            LOG.debug("The connection to {} broke", client, e);
        }
    }

    private record SocketTransport(Socket socket, InputStream input, OutputStream output) implements Transport {
        @Override
        public void readTimeoutNs(long timeoutNs) throws IOException {
            socket.setSoTimeout(Math.clamp(TimeUnit.NANOSECONDS.toMillis(timeoutNs), 1, Integer.MAX_VALUE));
        }

        @Override
        public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
        }
    }
}
