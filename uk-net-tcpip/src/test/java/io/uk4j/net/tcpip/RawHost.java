package io.uk4j.net.tcpip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.wire.ArpPacket;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.LeakCheck;
import io.uk4j.testkit.TestPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A stack at one end of a wire, and at the other a host that sends whatever a test wants and keeps what it receives. */
final class RawHost implements AutoCloseable {
    static final int STACK = Ipv4Address.parse("10.0.2.15").bits();
    static final int PEER = Ipv4Address.parse("10.0.2.2").bits();
    static final long SECOND_NS = 1_000_000_000L;

    final Simulation simulation;
    final Loop loop;
    final TestPool pool = new TestPool(256, 2048);
    final MetricRegistry counters = new MetricRegistry();
    final MetricRegistry loopCounters = new MetricRegistry();
    final NetStack stack;
    final long stackMac;
    final long peerMac;
    final List<byte[]> received = new ArrayList<>();

    private final TestPool peerPool = new TestPool(512, 2048);
    private final SimPlatform platform;
    private final Wire wire;
    private final NetDevice device;
    private final FrameBatch out = new FrameBatch();
    private final FrameBatch in = new FrameBatch();
    private boolean answersArp;

    RawHost() {
        this(1, builder -> builder);
    }

    RawHost(long seed, UnaryOperator<Wire.Builder> options) {
        simulation = new Simulation(seed);
        platform = new SimPlatform(simulation, "stack");
        loop = Loop.builder(platform).name("stack").counters(loopCounters).build();
        wire = options.apply(Wire.builder(simulation)).build(pool, peerPool);
        device = wire.b();
        stackMac = wire.a().info().mac().bits();
        peerMac = device.info().mac().bits();
        simulation.add(loop);
        simulation.add("peer", this::receive);
        stack = NetStack.builder(loop, wire.a(), pool)
                .address(Ipv4Prefix.parse("10.0.2.15/24"))
                .gateway(new Ipv4Address(PEER))
                .entropy(platform.entropy())
                .counters(counters)
                .build();
    }

    /** A host whose ARP entry the stack has, with the announcements over and nothing received. */
    static RawHost known() {
        RawHost host = new RawHost();
        host.introduce();
        return host;
    }

    void introduce() {
        simulation.runFor(3 * SECOND_NS);
        answersArp = true;
        sendArp(ArpPacket.REQUEST, PEER, 0, STACK);
        run();
        received.clear();
    }

    private int receive(long nowNs) {
        int frames = device.poll(in);
        for (int i = 0; i < frames; i++) {
            byte[] frame = new byte[in.frameBytes(i)];
            int at = 0;
            for (int fragment = 0; fragment < in.fragments(i); fragment++) {
                int length = in.length(i, fragment);
                in.buffer(i, fragment).getBytes(in.offset(i, fragment), frame, at, length);
                at += length;
            }
            keep(frame);
        }
        in.releaseFirst(frames);
        return frames;
    }

    private void keep(byte[] frame) {
        ByteBuf buffer = Bytes.wrap(frame);
        boolean asks = EthernetHeader.type(buffer, 0) == EthernetHeader.TYPE_ARP
                && ArpPacket.operation(buffer, 14) == ArpPacket.REQUEST
                && ArpPacket.targetAddress(buffer, 14) == PEER;
        if (asks && answersArp) {
            sendArp(ArpPacket.REPLY, PEER, stackMac, STACK);
        } else {
            received.add(frame);
        }
    }

    void sendArp(int operation, int sender, long targetMac, int target) {
        send(Bytes.ethernet(
                targetMac == 0 ? EthernetHeader.BROADCAST : targetMac,
                peerMac,
                EthernetHeader.TYPE_ARP,
                Bytes.arp(operation, peerMac, sender, targetMac, target)));
    }

    /** Sends an IPv4 packet to the stack's station. */
    void sendIp(byte[] packet) {
        send(Bytes.ethernet(stackMac, peerMac, EthernetHeader.TYPE_IPV4, packet));
    }

    /** Sends a frame. */
    void send(byte[] frame) {
        ByteBuf buffer = Objects.requireNonNull(peerPool.tryAcquire(Math.max(1, frame.length)));
        int at = buffer.readerIndex();
        buffer.setBytes(at, frame);
        out.append(buffer, at, frame.length);
        out.endFrame();
        assertEquals(1, device.offer(out));
        device.flush();
    }

    /** Sends a UDP packet to the stack's station in one frame that stands for several, each with so many bytes of payload. */
    void sendDatagrams(byte[] packet, int each) {
        byte[] frame = Bytes.ethernet(stackMac, peerMac, EthernetHeader.TYPE_IPV4, packet);
        for (int at = 0; at < frame.length; at += 1500) {
            int part = Math.min(1500, frame.length - at);
            ByteBuf buffer = Objects.requireNonNull(peerPool.tryAcquire(part));
            buffer.setBytes(buffer.readerIndex(), frame, at, part);
            out.append(buffer, buffer.readerIndex(), part);
        }
        out.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_UDP, each, 42, 34, 6);
        out.endFrame();
        assertEquals(1, device.offer(out));
        device.flush();
    }

    /** Lets everything happen that takes no time. */
    void run() {
        simulation.runFor(0);
    }

    /** The payload of the only frame received, which is then forgotten. */
    byte[] onlyPacket() {
        assertEquals(1, received.size(), "frames received");
        byte[] frame = received.removeFirst();
        return Arrays.copyOfRange(frame, EthernetHeader.BYTES, frame.length);
    }

    long drops(DropReason reason) {
        return stack.drops().value(reason);
    }

    long allDrops() {
        long sum = 0;
        for (DropReason reason : DropReason.values()) {
            sum += drops(reason);
        }
        return sum;
    }

    @Override
    public void close() {
        stack.close();
        loop.close();
        device.close();
        wire.close();
        platform.close();
        LeakCheck.assertAllBack(pool, peerPool);
    }
}
