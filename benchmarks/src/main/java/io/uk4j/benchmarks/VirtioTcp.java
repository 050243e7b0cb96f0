package io.uk4j.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * TCP through the network driver: testpmd forwards between net_vhost, where the {@code inetd} example is, and net_tap, where
 * the kernel's stack is the client. The peer is the kernel as the server, with a second net_tap in place of net_vhost.
 */
final class VirtioTcp {
    private static final String CLIENT = "10.77.0.1/24";
    private static final String SERVER = "10.77.0.2";

    /** net_tap cuts a segment only if it fits the MTU of 1500 together with its Ethernet header. */
    private static final int MTU_BYTES = 1486;

    private static final String CLIENT_PORT = "net_tap0,iface=ukt0";
    private static final String PEER = "kernel, two net_tap";

    /**
     * What segmentation takes: net_tap's large frames need an IP checksum for each piece, which io mode does not ask for, and
     * the kernel's come in pieces, which GRO puts together. That port 0 cannot segment is said, and the size is used.
     */
    private static final List<String> TSO = List.of(
            "port stop all",
            "csum set ip hw 1",
            "csum set tcp hw 1",
            "csum set tcp hw 0",
            "tso set 1434 0",
            "tso set 1434 1",
            "port config 1 tx_offload multi_segs on",
            "port start all",
            "csum mac-swap off 0",
            "csum mac-swap off 1",
            "set port 1 gro on",
            "set gro flush 1");

    private static final String WITHOUT_TSO = "uk.virtio.without=guest_tso4,guest_tso6,host_tso4,host_tso6";

    private final Path inetd;
    private final Path load;
    private final Path kernel;
    private final String seconds;

    /**
     * Prepares the loads.
     *
     * @param inetd the jar of the inetd example
     * @param peers where the client and the kernel's server come from
     * @param seconds how long each load lasts
     */
    VirtioTcp(Path inetd, Peers peers, String seconds) {
        this.inetd = inetd;
        load = peers.program("load");
        kernel = peers.program("kernel_services", "-lpthread");
        this.seconds = seconds;
    }

    private enum Server {
        TSO("uk4j, TSO"),
        PLAIN("uk4j, no TSO"),
        KERNEL(PEER);

        private final String title;

        Server(String title) {
            this.title = title;
        }
    }

    /** Loads the servers in turn, and adds their figures. */
    void measure(List<Row> rows, int runs) {
        Map<Server, Map<Load, List<Load.Figure>>> all = new EnumMap<>(Server.class);
        for (int run = 1; run <= runs; run++) {
            for (Server server : Server.values()) {
                System.out.printf("run %d of %d: TCP, %s%n", run, runs, server.title);
                Map<Load, List<Load.Figure>> sofar = all.computeIfAbsent(server, _ -> new EnumMap<>(Load.class));
                (server == Server.KERNEL ? kernel() : ours(server == Server.TSO))
                        .forEach((kind, figure) -> sofar.computeIfAbsent(kind, _ -> new ArrayList<>())
                                .add(figure));
            }
        }
        Map<Load, List<Load.Figure>> theirs = all.getOrDefault(Server.KERNEL, Map.of());
        for (Server server : List.of(Server.TSO, Server.PLAIN)) {
            all.getOrDefault(server, Map.of())
                    .forEach((kind, figures) -> kind.compare(
                            rows,
                            server == Server.TSO ? ", TSO" : ", no TSO",
                            figures,
                            PEER,
                            theirs.getOrDefault(kind, List.of())));
        }
        all.forEach((server, figures) -> figures.forEach((kind, values) -> rows.add(kind.cpu(server.title, values))));
    }

    private Map<Load, Load.Figure> ours(boolean tso) {
        try (Scratch scratch = new Scratch();
                Netns netns = Netns.create("a");
                TestPmd forwarder = TestPmd.forwarder(
                        netns,
                        scratch.folder(),
                        List.of("net_vhost0,queues=1,tso=1,iface=" + scratch.socket(), CLIENT_PORT),
                        tso ? "csum" : "io",
                        tso ? TSO : List.of())) {
            netns.address("ukt0", CLIENT, MTU_BYTES);
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-jar",
                    inetd.toString(),
                    "uk.net.device=vhost-user:" + scratch.socket(),
                    "uk.net.ipv4=" + SERVER + "/24",
                    "uk.vhost.mtu=" + MTU_BYTES));
            if (!tso) {
                command.add(WITHOUT_TSO);
            }
            try (Spawned server = Spawned.start(command, "Ready")) {
                Map<Load, Load.Figure> figures = Load.all(netns, load, SERVER, seconds, server);
                check(forwarder, "rx", tso);
                check(forwarder, "tx", tso);
                return figures;
            }
        }
    }

    /** A figure with TSO is one only if large frames went through the queue, and the other way round. */
    private static void check(TestPmd forwarder, String direction, boolean tso) {
        long large = forwarder.largeFrames(direction);
        if (large > 0 != tso) {
            throw new BenchmarkException("testpmd counted " + large + " frames longer than an MTU (" + direction + "), "
                    + (tso ? "with" : "without") + " TSO.");
        }
    }

    private Map<Load, Load.Figure> kernel() {
        try (Scratch scratch = new Scratch();
                Netns client = Netns.create("a");
                Netns netns = Netns.create("b");
                TestPmd _ = TestPmd.forwarder(
                        client, scratch.folder(), List.of("net_tap1,iface=ukt1", CLIENT_PORT), "io", List.of())) {
            client.run("ip", "link", "set", "ukt1", "netns", netns.name());
            netns.address("ukt1", SERVER + "/24", MTU_BYTES);
            client.address("ukt0", CLIENT, MTU_BYTES);
            try (Spawned server = Spawned.start(netns.inside(kernel.toString()), "ready")) {
                return Load.all(client, load, SERVER, seconds, server);
            }
        }
    }
}
