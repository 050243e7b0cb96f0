package io.uk4j.benchmarks;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The {@code inetd} example behind the gateway, reached by the ports that it forwards, beside the kernel's stack behind
 * slirp4netns, which forwards ports in the same manner, and the kernel's stack without anything in between.
 */
final class GatewayBenchmark implements Benchmark {
    private static final String LOOPBACK = "127.0.0.1";
    private static final int[] PORTS = {7, 9, 19};

    private final Path peersFolder;
    private final Path inetd;

    /**
     * Prepares the benchmark.
     *
     * @param peersFolder where the peers' programs are put
     * @param inetd the jar of the inetd example
     */
    GatewayBenchmark(Path peersFolder, Path inetd) {
        this.peersFolder = peersFolder;
        this.inetd = inetd;
    }

    @Override
    public String name() {
        return "gateway";
    }

    @Override
    public String description() {
        return "TCP through the gateway, beside slirp4netns and the kernel's loopback (root)";
    }

    private enum Server {
        OURS("uk4j gateway"),
        SLIRP("slirp4netns"),
        LOOPBACK("kernel loopback");

        private final String title;

        Server(String title) {
            this.title = title;
        }
    }

    @Override
    public List<Row> run(boolean quick) {
        if (!Files.isRegularFile(inetd)) {
            throw new BenchmarkException("The inetd example is not built: " + inetd + "\nTry: ./uk bench gateway");
        }
        int runs = quick ? 1 : 5;
        String seconds = quick ? "1" : "3";
        Peers peers = new Peers(peersFolder);
        Path load = peers.program("load");
        Path kernel = peers.program("kernel_services", "-lpthread");
        Map<Server, Map<Load, List<Load.Figure>>> all = new EnumMap<>(Server.class);
        for (int run = 1; run <= runs; run++) {
            for (Server server : Server.values()) {
                System.out.printf("run %d of %d: %s%n", run, runs, server.title);
                Map<Load, Load.Figure> figures = switch (server) {
                    case OURS -> ours(load, seconds);
                    case SLIRP -> slirp(load, seconds, kernel);
                    case LOOPBACK -> loopback(load, seconds, kernel);
                };
                Map<Load, List<Load.Figure>> sofar = all.computeIfAbsent(server, _ -> new EnumMap<>(Load.class));
                figures.forEach((kind, figure) ->
                        sofar.computeIfAbsent(kind, _ -> new ArrayList<>()).add(figure));
            }
        }
        return rows(all);
    }

    private Map<Load, Load.Figure> ours(Path load, String seconds) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        try (Netns host = Netns.create("a");
                Spawned server = Spawned.start(
                        host.inside(
                                java,
                                "-jar",
                                inetd.toString(),
                                "uk.net.device=gateway:7=7,9=9,19=19",
                                "uk.net.ipv4=10.0.2.15/24",
                                "uk.net.gateway=10.0.2.2"),
                        "Ready")) {
            return Load.all(host, load, LOOPBACK, seconds, server);
        }
    }

    private Map<Load, Load.Figure> slirp(Path load, String seconds, Path kernel) {
        Path socket = peersFolder.resolve("slirp.sock");
        try (Netns host = Netns.create("a");
                Netns guest = Netns.create("b");
                Spawned _ = Spawned.start(guest.inside(kernel.toString()), "ready");
                Spawned server = Spawned.start(
                        host.inside(
                                "slirp4netns",
                                "--netns-type=path",
                                "--configure",
                                "--mtu=65520",
                                "--api-socket=" + socket,
                                "/var/run/netns/" + guest.name(),
                                "tap0"),
                        "received tapfd")) {
            for (int port : PORTS) {
                forward(socket, port);
            }
            return Load.all(host, load, LOOPBACK, seconds, server);
        } finally {
            delete(socket);
        }
    }

    /** Asks slirp4netns for a port forward: one request and one answer for each connection to its socket. */
    private static void forward(Path socket, int port) {
        String request = """
                {"execute": "add_hostfwd", "arguments": {"proto": "tcp", \
                "host_addr": "%s", "host_port": %d, "guest_port": %d}}""".formatted(LOOPBACK, port, port);
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            channel.shutdownOutput();
            ByteBuffer answer = ByteBuffer.allocate(1024);
            while (channel.read(answer) > 0) {
                // Until it closes.
            }
            String text = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
            if (!text.contains("return")) {
                throw new BenchmarkException("slirp4netns does not forward port " + port + ": " + text);
            }
        } catch (IOException e) {
            throw new BenchmarkException("slirp4netns does not answer: " + e.getMessage(), e);
        }
    }

    private static void delete(Path socket) {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new BenchmarkException("The socket of slirp4netns cannot be deleted: " + e.getMessage(), e);
        }
    }

    private static Map<Load, Load.Figure> loopback(Path load, String seconds, Path kernel) {
        try (Netns host = Netns.create("a");
                Spawned server = Spawned.start(host.inside(kernel.toString()), "ready")) {
            return Load.all(host, load, LOOPBACK, seconds, server);
        }
    }

    private static List<Row> rows(Map<Server, Map<Load, List<Load.Figure>>> all) {
        List<Row> rows = new ArrayList<>();
        Map<Load, List<Load.Figure>> ours = all.getOrDefault(Server.OURS, Map.of());
        for (Server peer : List.of(Server.SLIRP, Server.LOOPBACK)) {
            Map<Load, List<Load.Figure>> theirs = all.getOrDefault(peer, Map.of());
            for (Load load : Load.values()) {
                load.compare(
                        rows, "", ours.getOrDefault(load, List.of()), peer.title, theirs.getOrDefault(load, List.of()));
            }
        }
        all.forEach((server, figures) -> figures.forEach((load, values) -> rows.add(load.cpu(server.title, values))));
        return rows;
    }
}
