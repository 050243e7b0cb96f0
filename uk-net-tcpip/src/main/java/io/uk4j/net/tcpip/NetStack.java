package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Appliance;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Duty;
import io.uk4j.core.EntropySource;
import io.uk4j.core.EventLoop;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.net.tcpip.icmp.Icmp;
import io.uk4j.net.tcpip.icmp.IcmpErrors;
import io.uk4j.net.tcpip.ip.Addressing;
import io.uk4j.net.tcpip.ip.Demux;
import io.uk4j.net.tcpip.ip.IcmpError;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Ipv4Input;
import io.uk4j.net.tcpip.ip.Ipv4Output;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.ip.Transport;
import io.uk4j.net.tcpip.link.EthernetLink;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.tcp.TcpTransport;
import io.uk4j.net.tcpip.udp.Udp;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP/IP stack over one network device, with one IPv4 address.
 *
 * <p>Each {@link #poll} receives up to {@value FrameBatch#DEFAULT_FRAMES} frames, lets each transport send in turn, and
 * hands what is to be sent to the device. What the device refuses waits, and while it waits the transports are told that
 * there is no room; nothing piles up beyond one batch.
 *
 * <p>Ownership: the stack owns the device, and closes it. The loop and the pool belong to whoever built the stack, and
 * outlive it.
 *
 * <p>Thread rule: loop-owned; it may be built by the thread that the loop belongs to before it starts.
 */
public final class NetStack implements Duty, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NetStack.class);

    private final EventLoop loop;
    private final NetDevice device;
    private final BufferPool pool;
    private final EntropySource entropy;
    private final Counters counters;
    private final Ipv4Prefix address;
    private final Ipv4Address gateway;
    private final Drops drops;
    private final EthernetLink link;
    private final Ipv4Output output;
    private final Demux demux;
    private final Ipv4Input input;
    private final Udp udp;
    private final TcpTransport tcp;
    private final boolean transparent;
    private boolean closed;

    NetStack(NetStackBuilder builder, Ipv4Prefix address, EntropySource entropy) {
        loop = builder.loop;
        device = builder.device;
        pool = builder.pool;
        gateway = builder.gateway;
        counters = builder.counters.with("device", device.info().name());
        this.address = address;
        this.entropy = entropy;
        Addressing addressing =
                new Addressing(address.address().bits(), address.length(), gateway.bits(), builder.interceptor != null);
        drops = new Drops(counters);
        link = new EthernetLink(addressing, loop, device, pool, entropy.nextLong(), counters, drops);
        output = new Ipv4Output(addressing, link, pool, loop.clock(), entropy, drops);
        IcmpErrors errors = new IcmpErrors(output, pool, loop.clock(), counters);
        demux = new Demux(errors, drops);
        input = new Ipv4Input(addressing, loop, pool, demux, errors, drops);
        udp = new Udp(output, errors, pool, entropy, counters, drops);
        tcp = new TcpTransport(loop, output, pool, entropy, counters, builder.config);
        counters.gauge("uk_ip_reassembly_bytes", "What incomplete packets take from the pool.", input::reassemblyBytes);
        transparent = builder.interceptor != null;
        if (builder.interceptor != null) {
            udp.intercept(builder.interceptor);
            tcp.intercept(builder.interceptor);
        }
        demux.register(Ipv4Header.PROTOCOL_ICMP, new Icmp(addressing.address(), output, demux, drops));
        demux.register(Ipv4Header.PROTOCOL_TCP, tcp);
        demux.register(Ipv4Header.PROTOCOL_UDP, udp);
    }

    /**
     * Begins a stack.
     *
     * @param loop what it will belong to
     * @param device what it sends and receives by; the stack owns it once it is built
     * @param pool the loop's buffers, which the device receives into; with at least {@value
     *     NetStackBuilder#MIN_HEADROOM_BYTES} bytes of headroom
     */
    public static NetStackBuilder builder(EventLoop loop, NetDevice device, BufferPool pool) {
        return new NetStackBuilder(loop, device, pool);
    }

    /**
     * Opens the stack of an appliance as its configuration says: {@link io.uk4j.core.net.NetDevices#DEVICE uk.net.device},
     * {@link NetKeys#IPV4 uk.net.ipv4} and {@link NetKeys#GATEWAY uk.net.gateway}, over a packet pool as {@code uk.mm.pool}'s
     * keys say. Pool, device and stack are closed on the loop when the appliance stops; hand the loop to {@link
     * Appliance#own} first, so that it ends after them.
     *
     * @param appliance what it is for; gets a section in its description
     * @param loop what it will belong to: one that the caller is on, or one that runs
     * @throws io.uk4j.core.config.ConfigException if the configuration is wrong or incomplete
     * @throws io.uk4j.core.DeviceException if the device cannot be opened
     * @throws io.uk4j.core.OutOfMemoryException if there is no memory for the pool
     * @throws IllegalStateException if the loop belongs to another thread and does not run
     */
    public static NetStack open(Appliance appliance, EventLoop loop) {
        return ApplianceStack.open(appliance, loop);
    }

    /** Begins to receive: called once by the builder. */
    void start() {
        link.start(new EthernetLink.Input() {
            @Override
            public void input(FrameBatch batch, int frame, boolean group, long nowNs) {
                input.input(batch, frame, group, nowNs);
            }

            @Override
            public void unresolved(Packet packet) {
                tellUnresolved(packet);
            }
        });
        loop.waiter().register(device.source());
        loop.add(this);
        LOG.info("{} is up at {}, gateway {}, station {}", device.info().name(), address, gateway, mac());
    }

    private void tellUnresolved(Packet packet) {
        if (packet.length(0) >= Ipv4Header.BYTES + Long.BYTES) {
            demux.error(
                    packet.protocol,
                    IcmpError.UNREACHABLE,
                    packet.source,
                    packet.destination,
                    packet.buffer(0).getLong(packet.offset(0) + Ipv4Header.BYTES),
                    0);
        }
    }

    /** This host's address on the link. */
    public Ipv4Prefix address() {
        return address;
    }

    /** The router to other links; {@link Ipv4Address#ANY} if there is none. */
    public Ipv4Address gateway() {
        return gateway;
    }

    /** The device's Ethernet address. */
    public MacAddress mac() {
        return device.info().mac();
    }

    /**
     * Opens a UDP port.
     *
     * @param port 1 to 65,535, or 0 for a free one that nobody can guess (RFC 6056)
     * @param handler hears of what arrives
     * @throws UdpException if the port is open already, or none is free
     * @throws IllegalArgumentException if the port is out of range
     */
    public UdpSocket openUdp(int port, UdpHandler handler) {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("A port lies within 0 and 65535, not " + port + ".");
        }
        return UdpSocket.open(udp, address.address(), port, handler);
    }

    /** TCP, with callbacks; {@link TcpStreams} puts blocking streams on top. */
    public Tcp tcp() {
        return tcp;
    }

    /**
     * Lets a handshake that an {@link Interceptor} holds go on. Has no effect on a connection that is not held or has ended.
     *
     * @param held what {@link Interceptor#tryConnect} was asked about
     */
    public void proceed(TcpConnection held) {
        tcp.proceed(held);
    }

    /**
     * Sends a datagram in the name of another host.
     *
     * @param source the address and
     * @param sourcePort the port that it claims to come from, 1 to 65,535
     * @param destination the receiver's address, as {@link Ipv4Address#bits}
     * @param destinationPort the receiver's port, 1 to 65,535
     * @param data as in {@link UdpSocket#send}
     * @return as in {@link UdpSocket#send}
     * @throws IllegalStateException if this stack has no {@link Interceptor}; the reference is the stack's even then
     */
    public boolean sendUdp(int source, int sourcePort, int destination, int destinationPort, ByteBuf data) {
        if (!transparent) {
            data.release();
            throw new IllegalStateException("Only a transparent stack speaks for other hosts.");
        }
        return udp.send(source, sourcePort, destination, destinationPort, data);
    }

    /** The loop that this stack belongs to. */
    public EventLoop loop() {
        return loop;
    }

    /** The buffers of its loop, for those who send. */
    public BufferPool pool() {
        return pool;
    }

    /** Randomness, for transports. */
    EntropySource entropy() {
        return entropy;
    }

    /** Where a transport's counters hang; labelled with the device already. */
    Counters counters() {
        return counters;
    }

    /** What was dropped. */
    Drops drops() {
        return drops;
    }

    /** How a transport sends. */
    IpOutput output() {
        return output;
    }

    /** Adds a transport; see {@link Demux#register}. */
    void register(int protocol, Transport transport) {
        demux.register(protocol, transport);
    }

    @Override
    public int poll(long nowNs) {
        if (closed) {
            return 0;
        }
        int work = output.beginRound(demux, nowNs);
        work += link.receive(nowNs);
        if (closed) {
            return work;
        }
        work += demux.output(nowNs);
        return work + link.flush();
    }

    @Override
    public long nextDeadlineNs() {
        return closed ? NO_DEADLINE : device.nextDeadlineNs();
    }

    @Override
    public boolean arm() {
        return !closed && (output.hasPending() || link.arm());
    }

    /** What this stack is and how it is doing, in a few lines. */
    public String describe() {
        String more = device.describe();
        return "device " + device.info().name() + ", station " + mac() + ", MTU "
                + device.info().mtuBytes() + "\naddress " + address + ", gateway " + gateway
                + (more.isEmpty() ? "" : "\n" + more);
    }

    /**
     * Ends the stack: transports forget their connections, all buffers are released, the device is closed. Closing twice has
     * no further effect.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        loop.remove(this);
        demux.close();
        input.close();
        output.close();
        loop.waiter().unregister(device.source());
        link.close();
        LOG.info("{} is down", device.info().name());
    }
}
