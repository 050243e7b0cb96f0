package io.uk4j.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An appliance behind the gateway, reached through a port of this machine. It needs nobody's permission. */
final class GatewayBed implements Bed {
    private final ApplianceProcess appliance;
    private final InetSocketAddress service;

    private GatewayBed(ApplianceProcess appliance, int port) {
        this.appliance = appliance;
        this.service = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /**
     * Starts an example, and waits until it is ready.
     *
     * @param example one that serves port 80
     * @param keys more configuration, as {@code uk.KEY=VALUE}
     */
    static GatewayBed start(String example, String... keys) {
        int port = FreePorts.next();
        return new GatewayBed(ApplianceProcess.start(line -> line, example, keys(port, keys)), port);
    }

    /** The configuration that forwards a port of this machine to port 80 of the appliance. */
    static List<String> keys(int port, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "uk.net.device=gateway:" + port + "=80", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.2.2"));
        all.addAll(List.of(more));
        return all;
    }

    @Override
    public ApplianceProcess appliance() {
        return appliance;
    }

    @Override
    public InetSocketAddress service() {
        return service;
    }

    @Override
    public SocketChannel openSocket() throws IOException {
        return SocketChannel.open(StandardProtocolFamily.INET);
    }

    @Override
    public Command run(Duration limit, String... line) {
        return Command.run(limit, List.of(line));
    }

    @Override
    public void close() {
        appliance.close();
    }
}
