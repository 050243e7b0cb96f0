package io.uk4j.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.NetKeys;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpAcceptor;
import io.uk4j.sched.Loop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** An application's stack behind a gateway, and its loop. Closing asserts that nothing is left. */
final class Guest implements AutoCloseable {
    static final Ipv4Address GATEWAY = Ipv4Address.parse("10.0.2.2");

    private static final long LIMIT_NS = 30_000_000_000L;
    private static final long POLL_NS = 200_000;

    final HostPlatform platform = new HostPlatform();
    final MetricRegistry counters = new MetricRegistry();
    final Loop loop;
    final PacketPool pool;
    final GatewayDevice device;
    final NetStack stack;

    Guest(String forwards, String... settings) {
        Config config = config(settings);
        loop = Loop.builder(platform).name("app").build();
        pool = PacketPool.builder(platform.pages()).owner(loop).build();
        loop.start();
        try {
            device = onLoop(() -> (GatewayDevice)
                    NetDevices.open(new DeviceContext(platform, config, counters, pool), "gateway:" + forwards));
        } catch (RuntimeException e) {
            loop.close();
            pool.close();
            throw e;
        }
        stack = onLoop(() -> NetStack.builder(loop, device, pool)
                .address(config.get(NetKeys.IPV4))
                .gateway(config.get(NetKeys.GATEWAY))
                .entropy(platform.entropy())
                .build());
    }

    static Config config(String... settings) {
        Configs.Builder builder = Configs.builder().keys(new NetKeys().keys()).keys(new GatewayKeys().keys());
        builder.set("uk.net.ipv4", "10.0.2.15/24").set("uk.net.gateway", GATEWAY.toString());
        for (int i = 0; i < settings.length; i += 2) {
            builder.set(settings[i], settings[i + 1]);
        }
        return builder.build();
    }

    void listen(int port, TcpAcceptor acceptor) {
        onLoop(() -> stack.tcp().listen(new Endpoint(Ipv4Address.ANY, port), 1024, acceptor));
    }

    /** A connection of the host to a forward. */
    Socket connect(int guestPort) throws Exception {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), device.hostPort(guestPort)));
        socket.setSoTimeout((int) (LIMIT_NS / 1_000_000));
        return socket;
    }

    <T> T onLoop(Supplier<T> action) {
        try {
            return loop.call(action);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    long counter(String name, String labels) {
        long[] value = {0};
        counters.forEach((metric, labelled, help, counts, current) -> {
            if (metric.equals(name) && labelled.contains(labels)) {
                value[0] += current;
            }
        });
        return value[0];
    }

    static void await(String what, BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > LIMIT_NS) {
                throw new AssertionError("Waited in vain for " + what + ".");
            }
            LockSupport.parkNanos(POLL_NS);
        }
    }

    static long gatewayThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(Gateway.NAME))
                .count();
    }

    @Override
    public void close() {
        onLoop(() -> {
            stack.close();
            return true;
        });
        loop.close();
        // Throws if a buffer is out.
        pool.close();
        assertEquals(0, platform.pagesOut(), "pages are out");
    }
}
