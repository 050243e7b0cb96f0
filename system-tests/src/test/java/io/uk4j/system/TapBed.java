package io.uk4j.system;

import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * An appliance at one end of a TAP, the kernel's stack in a namespace of its own at the other. The appliance's process is
 * in the namespace too, but uses nothing of its network except the TAP.
 */
final class TapBed implements Bed {
    /** The kernel's address. */
    static final String KERNEL = "10.77.0.1";

    /** The appliance's address. */
    static final String APPLIANCE = "10.77.0.2";

    /** The interface at the kernel's end. */
    static final String TAP = "tap0";

    private final Netns netns;
    private final ApplianceProcess appliance;

    private TapBed(Netns netns, ApplianceProcess appliance) {
        this.netns = netns;
        this.appliance = appliance;
    }

    /**
     * Starts an example, and waits until it is ready.
     *
     * @param example such as {@code hello-http}
     * @param keys more configuration, as {@code uk.KEY=VALUE}
     */
    static TapBed start(String example, String... keys) {
        Netns netns = new Netns();
        try {
            netns.run("ip", "tuntap", "add", "dev", TAP, "mode", "tap", "vnet_hdr")
                    .succeeded();
            netns.run("ip", "addr", "add", KERNEL + "/24", "dev", TAP).succeeded();
            netns.run("ip", "link", "set", TAP, "up").succeeded();
            List<String> all = new ArrayList<>(List.of(
                    "uk.net.device=tap:" + TAP, "uk.net.ipv4=" + APPLIANCE + "/24", "uk.net.gateway=" + KERNEL));
            all.addAll(List.of(keys));
            return new TapBed(netns, ApplianceProcess.start(netns::inside, example, all));
        } catch (RuntimeException | Error e) {
            netns.close();
            throw e;
        }
    }

    /** The kernel's side. */
    Netns netns() {
        return netns;
    }

    @Override
    public ApplianceProcess appliance() {
        return appliance;
    }

    @Override
    public InetSocketAddress service() {
        return new InetSocketAddress(APPLIANCE, 80);
    }

    @Override
    public SocketChannel openSocket() {
        return netns.call(() -> SocketChannel.open(StandardProtocolFamily.INET));
    }

    @Override
    public Command run(Duration limit, String... line) {
        return netns.run(limit, line);
    }

    @Override
    public void close() {
        try {
            appliance.close();
        } finally {
            netns.close();
        }
    }
}
