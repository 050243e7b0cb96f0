package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.TcpListener;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.TestPool;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A transport whose peer is the test: it says what arrives, and sees each segment that is sent. Virtual time. */
final class Script implements IpOutput {
    static final long MS = 1_000_000L;
    static final long SECOND = 1_000 * MS;
    static final int LOCAL = 0x0a000001;
    static final int PEER = 0x0a000002;
    static final int PORT = 80;
    static final int PEER_PORT = 4000;
    /** What the transport's sequence numbers begin with. */
    static final int ISS = 1_000;
    /** What the peer's begin with. */
    static final int IRS = 5_000;

    final Simulation simulation = new Simulation(7);
    final SimPlatform platform = new SimPlatform(simulation, "local");
    final Loop loop = Loop.builder(platform).name("local").build();
    final TestPool pool;
    final TcpTransport tcp;
    final ArrayDeque<Seg> sent = new ArrayDeque<>();
    final MetricRegistry metrics = new MetricRegistry();
    int space = 1000;
    private int mtuBytes = 1500;
    int maxSegmentationBytes;
    int maxSegmentationFragments = Packet.MAX_FRAGMENTS;
    int peerPort = PEER_PORT;
    private final Packet outbound = new Packet();
    private final Packet inbound = new Packet();

    /** A handler that keeps what it hears and receives. */
    static class Log implements TcpHandler {
        final List<String> heard = new ArrayList<>();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        boolean reads = true;
        boolean closesWithPeer;

        @Override
        public void onConnected(TcpConnection connection) {
            heard.add("connected");
        }

        @Override
        public void onReadable(TcpConnection connection) {
            if (reads) {
                read(connection);
            }
        }

        void read(TcpConnection connection) {
            SegmentConsumer consumer = (buffer, offset, length) -> {
                byte[] copy = new byte[length];
                buffer.getBytes(offset, copy);
                received.writeBytes(copy);
                return length;
            };
            connection.receive(consumer);
        }

        @Override
        public void onWritable(TcpConnection connection) {
            heard.add("writable");
        }

        @Override
        public void onPeerClosed(TcpConnection connection) {
            heard.add("peer closed");
            if (closesWithPeer) {
                connection.close();
            }
        }

        @Override
        public void onClosed(TcpConnection connection, TcpCloseReason reason) {
            heard.add("closed " + reason);
        }
    }

    Script(String... settings) {
        this(ISS, settings);
    }

    Script(int iss, String... settings) {
        this(new TestPool(2048, 2048), iss, settings);
    }

    Script(TestPool pool, int iss, String... settings) {
        this.pool = pool;
        Configs.Builder configs = Configs.builder().keys(TcpKeys.all());
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            configs.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        tcp = new TcpTransport(
                loop, this, pool, platform.entropy(), metrics, configs.build(), (a, b, c, d, now) -> iss);
        loop.add(tcp::output);
        simulation.add("local", loop);
    }

    @Override
    public Packet begin() {
        outbound.reset();
        return outbound;
    }

    @Override
    public void send(Packet packet) {
        sent.add(Seg.of(packet));
        packet.release();
        space--;
    }

    @Override
    public int space() {
        return space;
    }

    @Override
    public int maxSegmentationFragments() {
        return maxSegmentationFragments;
    }

    @Override
    public int mtuBytes(int destination) {
        return mtuBytes;
    }

    @Override
    public void lowerMtu(int destination, int newMtuBytes) {
        mtuBytes = newMtuBytes;
    }

    @Override
    public int sourceFor(int destination) {
        return LOCAL;
    }

    @Override
    public int maxSegmentationBytes() {
        return maxSegmentationBytes;
    }

    /** A segment of the peer arrives; the round ends. */
    void receive(Seg s) {
        deliver(s);
        settle();
    }

    /** A segment of the peer arrives within a batch. */
    void deliver(Seg s) {
        s.sourcePort = peerPort;
        if (s.destinationPort == 0) {
            s.destinationPort = PORT;
        }
        deliver(s.bytes());
    }

    void deliver(byte[] bytes) {
        deliver(bytes, pool);
    }

    private void deliver(byte[] bytes, BufferPool from) {
        ByteBuf buffer = from.tryAcquire(Math.max(bytes.length, 1));
        if (buffer == null) {
            return;
        }
        int at = buffer.readerIndex();
        buffer.setBytes(at, bytes);
        inbound.reset();
        inbound.append(buffer, at, bytes.length);
        inbound.source = PEER;
        inbound.destination = LOCAL;
        inbound.protocol = 6;
        inbound.checksumValid = true;
        tcp.input(inbound, simulation.nowNs());
        inbound.release();
    }

    /** Does all that is due now. */
    void settle() {
        simulation.runFor(0);
    }

    void pass(long ns) {
        simulation.runFor(ns);
    }

    /** The next segment that was sent. */
    Seg next() {
        Seg s = sent.poll();
        if (s == null) {
            throw new AssertionError("Nothing was sent.");
        }
        return s;
    }

    /** Listens at {@link #PORT}; every connection gets the handler. */
    TcpListener listen(TcpHandler handler) {
        return tcp.listen(local(), 4, connection -> handler);
    }

    static Endpoint local() {
        return new Endpoint(new Ipv4Address(LOCAL), PORT);
    }

    static Endpoint peer() {
        return new Endpoint(new Ipv4Address(PEER), PEER_PORT);
    }

    /** A connection that the peer has opened, with full windows and no options but the segment size. */
    Connection established(TcpHandler handler) {
        return established(handler, 0xffff);
    }

    Connection established(TcpHandler handler, int window) {
        TcpListener listener = listen(handler);
        sent.clear();
        receive(Seg.of(Flags.SYN).seq(IRS).mss(1460).window(window));
        int iss = next().seq;
        receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(iss + 1).window(window));
        sent.clear();
        Connection c = connection();
        listener.close();
        return c;
    }

    Connection connection() {
        Flow flow = flow();
        if (flow instanceof Connection c) {
            return c;
        }
        throw new AssertionError("There is no connection but " + flow);
    }

    Flow flow() {
        return tcp.find(local(), new Endpoint(new Ipv4Address(PEER), peerPort));
    }

    long drops(TcpDrop reason) {
        return tcp.counters.drops(reason);
    }
}
