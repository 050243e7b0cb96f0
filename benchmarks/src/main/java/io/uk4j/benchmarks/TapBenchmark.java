package io.uk4j.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Our stack on a TAP against lwIP on a TAP, the kernel over veth, and a loop that only copies frames between two TAPs. The
 * client is the kernel's own stack in a network namespace, the same program for all; the servers take turns.
 */
final class TapBenchmark implements Benchmark {
    /** Whom the client loaded, and how. */
    private record Case(Server server, Load load) {}

    private static final String CLIENT = "10.77.0.1/24";
    private static final String SERVER = "10.77.0.2";

    private final Path peersFolder;
    private final Path inetd;

    /**
     * Prepares the benchmark.
     *
     * @param peersFolder where the peers' programs are put
     * @param inetd the jar of the inetd example
     */
    TapBenchmark(Path peersFolder, Path inetd) {
        this.peersFolder = peersFolder;
        this.inetd = inetd;
    }

    @Override
    public String name() {
        return "tap";
    }

    @Override
    public String description() {
        return "TCP over TAP, offloads on and off, beside lwIP, the kernel over veth, and a copy loop (root)";
    }

    @Override
    public List<Row> run(boolean quick) {
        if (!Files.isRegularFile(inetd)) {
            throw new BenchmarkException("The inetd example is not built: " + inetd + "\nTry: ./uk bench tap");
        }
        int runs = quick ? 1 : 5;
        String seconds = quick ? "1" : "3";
        Peers peers = new Peers(peersFolder);
        Path load = peers.program("load");
        Path lwip = peers.program("lwip_services", "-l:liblwip.so.0", "-lpthread");
        Path copy = peers.program("tap_copy");
        Path kernel = peers.program("kernel_services", "-lpthread");

        Map<Case, List<Load.Figure>> all = new LinkedHashMap<>();
        for (int run = 1; run <= runs; run++) {
            for (Server server : Server.values()) {
                System.out.printf("run %d of %d: %s%n", run, runs, server.title);
                server.measure(load, seconds, inetd, lwip, copy, kernel)
                        .forEach((kind, figure) -> all.computeIfAbsent(new Case(server, kind), _ -> new ArrayList<>())
                                .add(figure));
            }
        }
        return rows(all);
    }

    /** The servers that take turns. */
    private enum Server {
        OURS_OFFLOADS("uk4j, offloads"),
        COPY_OFFLOADS("copy loop, offloads"),
        OURS_PLAIN("uk4j, plain"),
        LWIP("lwIP"),
        COPY_PLAIN("copy loop, plain"),
        VETH_OFFLOADS("kernel veth, offloads"),
        VETH_PLAIN("kernel veth, plain");

        private final String title;

        Server(String title) {
            this.title = title;
        }

        Map<Load, Load.Figure> measure(Path load, String seconds, Path inetd, Path lwip, Path copy, Path kernel) {
            return switch (this) {
                case OURS_OFFLOADS -> ours(load, seconds, inetd, true);
                case OURS_PLAIN -> ours(load, seconds, inetd, false);
                case LWIP ->
                    onTap(load, seconds, false, "lw0", "ready", lwip.toString(), "lw0", SERVER, "255.255.255.0");
                case COPY_OFFLOADS -> copied(load, seconds, copy, kernel, true);
                case COPY_PLAIN -> copied(load, seconds, copy, kernel, false);
                case VETH_OFFLOADS -> veth(load, seconds, kernel, true);
                case VETH_PLAIN -> veth(load, seconds, kernel, false);
            };
        }

        private static Map<Load, Load.Figure> ours(Path load, String seconds, Path inetd, boolean offloads) {
            String java =
                    Path.of(System.getProperty("java.home"), "bin", "java").toString();
            return onTap(
                    load,
                    seconds,
                    offloads,
                    "uk0",
                    "Ready",
                    java,
                    "-jar",
                    inetd.toString(),
                    "uk.net.device=tap:uk0",
                    "uk.tap.offload=" + offloads,
                    "uk.net.ipv4=" + SERVER + "/24");
        }

        private static Map<Load, Load.Figure> onTap(
                Path load, String seconds, boolean offloads, String device, String ready, String... command) {
            try (Netns netns = Netns.create("a")) {
                netns.tap(device, CLIENT, offloads);
                try (Spawned server = Spawned.start(netns.inside(command), ready)) {
                    return Load.all(netns, load, SERVER, seconds, server);
                }
            }
        }

        private static Map<Load, Load.Figure> copied(
                Path load, String seconds, Path copy, Path kernel, boolean offloads) {
            // The loop opens both interfaces here; then each moves into its namespace, and the descriptors stay.
            String id = Long.toString(ProcessHandle.current().pid() % 100_000);
            String a = "ca" + id;
            String b = "cb" + id;
            try (Netns client = Netns.create("a");
                    Netns server = Netns.create("b");
                    Spawned loop =
                            Spawned.start(List.of(copy.toString(), a, b, offloads ? "offloads" : "plain"), "ready")) {
                move(client, a, CLIENT);
                move(server, b, SERVER + "/24");
                try (Spawned _ = Spawned.start(server.inside(kernel.toString()), "ready")) {
                    return Load.all(client, load, SERVER, seconds, loop);
                }
            }
        }

        private static void move(Netns netns, String device, String prefix) {
            Command.run("ip", "link", "set", device, "netns", netns.name());
            netns.run("ip", "addr", "add", prefix, "dev", device);
            netns.run("ip", "link", "set", device, "up");
        }

        private static Map<Load, Load.Figure> veth(Path load, String seconds, Path kernel, boolean offloads) {
            try (Netns client = Netns.create("a");
                    Netns server = Netns.create("b")) {
                client.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", server.name());
                client.run("ip", "addr", "add", CLIENT, "dev", "v0");
                server.run("ip", "addr", "add", SERVER + "/24", "dev", "v1");
                if (!offloads) {
                    client.run(
                            "ethtool", "-K", "v0", "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off");
                    server.run(
                            "ethtool", "-K", "v1", "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off");
                }
                client.run("ip", "link", "set", "v0", "up");
                server.run("ip", "link", "set", "v1", "up");
                try (Spawned services = Spawned.start(server.inside(kernel.toString()), "ready")) {
                    return Load.all(client, load, SERVER, seconds, services);
                }
            }
        }
    }

    private static List<Row> rows(Map<Case, List<Load.Figure>> all) {
        List<Row> rows = new ArrayList<>();
        compare(rows, all, Server.OURS_OFFLOADS, Server.COPY_OFFLOADS);
        compare(rows, all, Server.OURS_OFFLOADS, Server.LWIP);
        compare(rows, all, Server.OURS_OFFLOADS, Server.VETH_OFFLOADS);
        compare(rows, all, Server.OURS_PLAIN, Server.LWIP);
        compare(rows, all, Server.OURS_PLAIN, Server.COPY_PLAIN);
        compare(rows, all, Server.OURS_PLAIN, Server.VETH_PLAIN);
        all.forEach((key, figures) -> rows.add(key.load.cpu(key.server.title, figures)));
        return rows;
    }

    private static void compare(List<Row> rows, Map<Case, List<Load.Figure>> all, Server ours, Server peer) {
        String testCase = ours == Server.OURS_OFFLOADS ? ", offloads" : ", plain";
        for (Load load : Load.values()) {
            load.compare(
                    rows,
                    testCase,
                    all.getOrDefault(new Case(ours, load), List.of()),
                    peer.title,
                    all.getOrDefault(new Case(peer, load), List.of()));
        }
    }
}
