package io.uk4j.benchmarks;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Prefix;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.sched.Loop;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Two stacks over a memory wire on one thread, measured from within; a process of its own, so that it can be run under
 * Epsilon, the collector that never collects: what allocates on the data path ends it.
 *
 * <p>Prints one line: {@code amount N ns N segments N heap N}, where the amount is bytes or round trips.
 */
final class PairProbe {
    private static final int ECHO_BYTES = 64;
    private static final int WARM_UP_ROUNDS = 400_000;

    private final Simulation simulation = new Simulation(1);
    private final MetricRegistry clientCounters = new MetricRegistry();
    private final MetricRegistry serverCounters = new MetricRegistry();
    private final Loop client;
    private final Loop server;
    private final NetStack clientStack;
    private final NetStack serverStack;
    private long amount;

    private PairProbe(boolean offloads) {
        SimPlatform clientPlatform = new SimPlatform(simulation, "client");
        SimPlatform serverPlatform = new SimPlatform(simulation, "server");
        client = Loop.builder(clientPlatform).name("client").build();
        server = Loop.builder(serverPlatform).name("server").build();
        PacketPool clientPool = PacketPool.builder(clientPlatform.pages()).build();
        PacketPool serverPool = PacketPool.builder(serverPlatform.pages()).build();
        Wire wire = Wire.builder(simulation).offloads(offloads).build(clientPool, serverPool);
        clientStack = stack(client, wire.a(), clientPool, clientPlatform, "10.0.0.1/24", clientCounters);
        serverStack = stack(server, wire.b(), serverPool, serverPlatform, "10.0.0.2/24", serverCounters);
    }

    private static NetStack stack(
            Loop loop,
            NetDevice device,
            PacketPool pool,
            SimPlatform platform,
            String address,
            MetricRegistry counters) {
        return NetStack.builder(loop, device, pool)
                .address(Ipv4Prefix.parse(address))
                .entropy(platform.entropy())
                .counters(counters)
                .build();
    }

    /**
     * Runs one case.
     *
     * @param args {@code bulk|echo}, {@code true|false} for offloads, seconds to measure
     */
    public static void main(String[] args) {
        PairProbe probe = new PairProbe(Boolean.parseBoolean(args[1]));
        System.out.println(probe.measure(args[0].equals("echo"), (long) (Double.parseDouble(args[2]) * 1e9)));
    }

    private String measure(boolean echo, long durationNs) {
        serverStack
                .tcp()
                .listen(new Endpoint(serverStack.address().address(), 7), 16, _ -> echo ? new Echo() : new Sink());
        clientStack.tcp().connect(new Endpoint(serverStack.address().address(), 7), echo ? new Pinger() : new Source());
        // Resolves the address and opens the connection, in virtual time; from then on nothing waits for time.
        simulation.add("client", client);
        simulation.add("server", server);
        if (!simulation.runUntil(() -> amount > 0, 10_000_000_000L)) {
            throw new IllegalStateException("The two did not connect.");
        }
        rounds(WARM_UP_ROUNDS);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long segmentsBefore = segments();
        long amountBefore = amount;
        long heapBefore = threads.getCurrentThreadAllocatedBytes();
        long startNs = System.nanoTime();
        long elapsedNs;
        do {
            rounds(10_000);
            elapsedNs = System.nanoTime() - startNs;
        } while (elapsedNs < durationNs);
        long heap = threads.getCurrentThreadAllocatedBytes() - heapBefore;
        return "amount " + (amount - amountBefore) + " ns " + elapsedNs + " segments " + (segments() - segmentsBefore)
                + " heap " + heap;
    }

    private void rounds(int count) {
        long nowNs = simulation.nowNs();
        for (int i = 0; i < count; i++) {
            if (client.poll(nowNs) + server.poll(nowNs) == 0) {
                // A delayed acknowledgement is due: time may move.
                simulation.runFor(50_000_000L);
                nowNs = simulation.nowNs();
            }
        }
    }

    private long segments() {
        long[] sum = new long[1];
        clientCounters.forEach(
                (name, _, _, _, value) -> sum[0] += name.equals("uk_tcp_segments_sent_total") ? value : 0);
        serverCounters.forEach(
                (name, _, _, _, value) -> sum[0] += name.equals("uk_tcp_segments_sent_total") ? value : 0);
        return sum[0];
    }

    /** What is common to all: nothing is expected to end. */
    private abstract static class Forever implements TcpHandler {
        @Override
        public void onClosed(TcpConnection connection, TcpCloseReason reason) {
            throw new IllegalStateException("The connection has ended: " + reason);
        }
    }

    /** Takes everything and counts it. */
    private final class Sink extends Forever {
        @Override
        public void onReadable(TcpConnection connection) {
            amount += connection.receive((_, _, length) -> length);
        }
    }

    /** Sends back what it gets. */
    private static final class Echo extends Forever {
        @Override
        public void onReadable(TcpConnection connection) {
            connection.receive((buffer, offset, length) -> {
                if (!connection.send(buffer.retain(), offset, length)) {
                    buffer.release();
                    return 0;
                }
                return length;
            });
        }
    }

    /** Sends as much as it can, the same buffer again and again. */
    private final class Source extends Forever {
        private final byte[] data = new byte[64 * 1024];

        @Override
        public void onConnected(TcpConnection connection) {
            fill(connection);
        }

        @Override
        public void onWritable(TcpConnection connection) {
            fill(connection);
        }

        private void fill(TcpConnection connection) {
            for (; ; ) {
                ByteBuf buffer = clientStack.pool().tryAcquire(16_000);
                if (buffer == null) {
                    connection.write(data, 0, data.length);
                    return;
                }
                buffer.writerIndex(buffer.readerIndex() + 16_000);
                if (!connection.send(buffer, buffer.readerIndex(), 16_000)) {
                    buffer.release();
                    return;
                }
            }
        }

        @Override
        public void onReadable(TcpConnection connection) {
            throw new IllegalStateException("A sink sends nothing.");
        }
    }

    /** Sends 64 bytes, waits for them, and begins again. */
    private final class Pinger extends Forever {
        private final byte[] data = new byte[ECHO_BYTES];
        private int received;

        Pinger() {
            Arrays.fill(data, (byte) 'x');
        }

        @Override
        public void onConnected(TcpConnection connection) {
            connection.noDelay(true);
            connection.write(data, 0, ECHO_BYTES);
        }

        @Override
        public void onReadable(TcpConnection connection) {
            received += connection.receive((_, _, length) -> length);
            if (received == ECHO_BYTES) {
                received = 0;
                amount++;
                connection.write(data, 0, ECHO_BYTES);
            }
        }
    }
}
