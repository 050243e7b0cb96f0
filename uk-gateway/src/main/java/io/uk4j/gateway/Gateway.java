package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.MacAddress;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Interceptor;
import io.uk4j.net.tcpip.NetKeys;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.sched.Loop;
import java.io.IOException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The far side of a gateway: a loop, a pool and a transparent stack of its own, and the relays between that stack and the
 * host's sockets.
 *
 * <p>Thread rule: opened and closed by the application's loop; {@link #hostPort} and {@link #describe} are shared; the rest
 * belongs to the loop in here.
 */
final class Gateway implements Interceptor {
    static final String NAME = "gateway";

    /** As Ethernet has it, so that what works here works elsewhere; super-frames need no more. */
    private static final int MTU_BYTES = 1500;

    /**
     * No old segments linger between two rings. With the usual time, closed relays would use up the ports towards one port
     * of the guest at some hundred connections a second.
     */
    private static final Config STACK = Configs.builder()
            .keys(new NetKeys().keys())
            .set("uk.tcp.timewait", "100ms")
            .build();

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private final LinkAddresses addresses;
    private final List<BoundPort> bound = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> ports = new ArrayList<>();
    private final Loop loop;
    private final PacketPool pool;
    private final HostSockets sockets;
    private final TcpRelays tcp;
    private final UdpRelays udp;
    private final GatewayDevice device;
    private final RingDevice farDevice;
    private @Nullable NetStack stack;

    /**
     * Opens a gateway and starts its thread.
     *
     * @throws DeviceException if a port of the host cannot be had
     * @throws io.uk4j.core.config.ConfigException if the addresses make no link
     */
    static GatewayDevice open(DeviceContext context, List<Forward> forwards) {
        LinkAddresses addresses = LinkAddresses.of(context.config());
        List<BoundPort> bound = new ArrayList<>();
        Gateway gateway = null;
        try {
            for (Forward forward : forwards) {
                bound.add(BoundPort.open(forward));
            }
            gateway = new Gateway(context, addresses);
            gateway.start(context, bound);
            return gateway.device;
        } catch (RuntimeException | Error e) {
            bound.forEach(port -> BoundPort.closeQuietly(port.channel()));
            if (gateway != null) {
                gateway.close();
            }
            throw e;
        }
    }

    private Gateway(DeviceContext context, LinkAddresses addresses) {
        this.addresses = addresses;
        Config config = context.config();
        Counters counters = context.counters();
        GatewayPlatform platform = new GatewayPlatform(context.platform());
        // The appliance's loop spins for both: two that spin, and a client, would be three for two processors.
        loop = Loop.builder(platform)
                .name(NAME)
                .counters(counters)
                .spin(Duration.ZERO)
                .build();
        try {
            pool = PacketPool.builder(platform.pages())
                    .budgetBytes(config.get(GatewayKeys.POOL_BYTES))
                    .counters(counters.with("loop", NAME))
                    .owner(loop)
                    .build();
        } catch (RuntimeException | Error e) {
            loop.close();
            throw e;
        }
        sockets = new HostSockets(platform.waiter());
        GatewayCounters own = new GatewayCounters(counters);
        HostAddresses hosts = new HostAddresses(addresses.gateway().address());
        tcp = new TcpRelays(sockets, loop, pool, hosts, config.get(GatewayKeys.CONNECTIONS), own);
        udp = new UdpRelays(sockets, loop, pool, hosts, addresses.guest().bits(), config.get(GatewayKeys.FLOWS), own);
        counters.gauge("uk_gateway_connections", "TCP connections that are relayed.", tcp::count);
        counters.gauge("uk_gateway_flows", "UDP conversations that are remembered.", udp::count);

        SignalSource near = new SignalSource();
        SignalSource far = new SignalSource();
        FrameRing inward = new FrameRing(RingDevice.RING_BYTES, near, far);
        FrameRing outward = new FrameRing(RingDevice.RING_BYTES, far, near);
        long random = platform.entropy().nextLong();
        device = new GatewayDevice(
                new RingDevice(
                        NAME,
                        MacAddress.locallyAdministered(random),
                        MTU_BYTES,
                        near,
                        outward,
                        inward,
                        context.pool(),
                        counters,
                        this::close),
                this);
        farDevice = new RingDevice(
                NAME + "-far",
                MacAddress.locallyAdministered(~random),
                MTU_BYTES,
                far,
                inward,
                outward,
                pool,
                counters,
                () -> {});
    }

    private void start(DeviceContext context, List<BoundPort> opened) {
        loop.start();
        try {
            boolean _ = loop.call(() -> {
                startOnLoop(context, opened);
                return true;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DeviceException("Interrupted while the gateway was opened.", null, null, e);
        }
        LOG.info("{}", this);
    }

    private void startOnLoop(DeviceContext context, List<BoundPort> opened) {
        loop.add(sockets);
        NetStack made = NetStack.builder(loop, farDevice, pool)
                .address(addresses.gateway())
                .entropy(context.platform().entropy())
                .counters(context.counters())
                .config(STACK)
                .interceptor(this)
                .build();
        stack = made;
        tcp.stack(made);
        udp.stack(made);
        for (BoundPort port : opened) {
            bound.add(port);
            context.counters()
                    .with("forward", port.forward().toString())
                    .gauge("uk_gateway_port", "The host's port of a forward.", port::hostPort);
            ports.add(relay(port));
        }
    }

    private AutoCloseable relay(BoundPort port) {
        Forward forward = port.forward();
        try {
            return forward.udp()
                    ? new UdpPort((DatagramChannel) port.channel(), udp, forward.guestPort())
                    : new TcpPort(
                            (ServerSocketChannel) port.channel(),
                            tcp,
                            loop,
                            new Endpoint(addresses.guest(), forward.guestPort()));
        } catch (IOException e) {
            throw new DeviceException("The gateway cannot wait for " + port + ".", null, null, e);
        }
    }

    @Override
    public @Nullable TcpHandler tryConnect(TcpConnection held) {
        return tcp.tryConnect(held);
    }

    @Override
    public void onDatagram(
            int source, int sourcePort, int destination, int destinationPort, ByteBuf data, int offset, int length) {
        if (source == addresses.guest().bits()) {
            udp.fromGuest(sourcePort, destination, destinationPort, data, offset, length);
        }
    }

    int hostPort(boolean isUdp, int guestPort) {
        return bound.stream()
                .filter(port -> port.forward().udp() == isUdp && port.forward().guestPort() == guestPort)
                .mapToInt(BoundPort::hostPort)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "No forward leads to the guest's " + (isUdp ? "UDP" : "TCP") + " port " + guestPort + "."));
    }

    String describe() {
        return this + "\nrelays " + tcp.count() + " connections and " + udp.count() + " UDP conversations, pool of "
                + (pool.capacityBytes() >> 10) + " KiB";
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("gateway ")
                .append(addresses.gateway())
                .append(" for ")
                .append(addresses.guest());
        bound.forEach(port -> text.append(", ").append(port));
        return text.toString();
    }

    /** Ends everything, and waits until it has ended, which takes no longer than a round of the loop. */
    private void close() {
        // What interrupts the caller must not leave a thread that works on freed memory.
        boolean interrupted = Thread.interrupted();
        try {
            if (!loop.tryExecute(this::closeOnLoop)) {
                closeOnLoop();
            }
            loop.close();
            pool.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void closeOnLoop() {
        for (AutoCloseable port : ports) {
            try {
                port.close();
            } catch (Exception e) {
                LOG.warn("A port of {} could not be closed.", this, e);
            }
        }
        udp.close();
        tcp.close();
        if (stack != null) {
            stack.close();
        }
        loop.remove(sockets);
    }
}
