package io.uk4j.example.hellohttp;

import io.uk4j.core.Appliance;
import io.uk4j.core.Clock;
import io.uk4j.core.metrics.Counters;
import io.uk4j.example.hellohttp.http.HttpDate;
import io.uk4j.example.hellohttp.http.HttpServer;
import io.uk4j.example.hellohttp.http.HttpStats;
import io.uk4j.example.hellohttp.http.Limits;
import io.uk4j.net.pcap.PcapKeys;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpStream;
import io.uk4j.net.tcpip.TcpStreams;
import io.uk4j.sched.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.1 server on port 80 of the stack. Its code blocks, one fiber for each connection; the loop carries them all.
 *
 * <p>Arguments of its own: how people reach it, for the line that says that it is ready.
 */
public final class HelloHttp {
    /** A client that reads nothing for so long is given up. */
    private static final Duration WRITE_LIMIT = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(HelloHttp.class);
    private static final int PORT = 80;
    private static final int BACKLOG = 1024;
    private static final int CONNECTIONS = 10_000;

    private HelloHttp() {}

    /**
     * Starts it.
     *
     * @param args see {@link Appliance#main}
     */
    public static void main(String[] args) {
        Appliance.main(args, HelloHttp::start);
    }

    private static void start(Appliance appliance) {
        Loop loop = Loop.start(appliance);
        NetStack net = NetStack.open(appliance, loop);
        HttpServer server = server(appliance, loop);
        new TcpStreams(loop, net.tcp())
                .serve(new Endpoint(Ipv4Address.ANY, PORT), BACKLOG, CONNECTIONS, stream -> serve(server, stream));
        String reached = appliance.arguments().isEmpty()
                ? "http://" + net.address().address() + "/"
                : String.join(" ", appliance.arguments());
        appliance.platform().console().write("Ready: " + reached + "\n");
    }

    private static HttpServer server(Appliance appliance, Loop loop) {
        Clock clock = appliance.platform().clock();
        HttpStats stats = new HttpStats();
        Counters counters = appliance.counters();
        counters.gauge("hello_http_connections", "HTTP connections open now", stats::live);
        counters.gauge("hello_http_connections_accepted", "HTTP connections since the start", stats::connections);
        counters.gauge(
                "hello_http_requests_answered", "Requests answered with success since the start", stats::answered);
        counters.gauge(
                "hello_http_requests_refused", "Requests answered with an error since the start", stats::refused);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("platform", appliance.platform().name());
        facts.put("fibers", loop.fibers().mode().name().toLowerCase(Locale.ROOT));
        facts.put("Java", Runtime.version().toString());
        Site site = new Site(
                facts,
                stats,
                counters,
                appliance::describe,
                appliance.config().find(PcapKeys.FILE).orElse(null),
                clock::nowNs);
        return new HttpServer(site.handler(), Limits.DEFAULT, clock::nowNs, new HttpDate(clock::wallNs), stats);
    }

    private static void serve(HttpServer server, TcpStream stream) {
        stream.writeTimeout(WRITE_LIMIT);
        try {
            server.serve(new StreamTransport(stream));
        } catch (IOException e) {
            // Clients go away at any time: no reason to tell anybody.
            LOG.debug("The connection to {} broke", stream.remote(), e);
        }
    }
}
