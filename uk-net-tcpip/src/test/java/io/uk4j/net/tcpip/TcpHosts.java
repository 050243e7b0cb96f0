package io.uk4j.net.tcpip;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.tcp.TcpKeys;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.sched.Loop;

/** Two hosts with whole stacks on a wire, in virtual time. */
final class TcpHosts implements AutoCloseable {
    static final long MS = 1_000_000L;
    static final long SECOND = 1_000 * MS;

    final Simulation simulation;
    final Wire wire;
    final Host a;
    final Host b;

    /** One of the two. */
    static final class Host {
        final SimPlatform platform;
        final Loop loop;
        final PacketPool pool;
        final MetricRegistry counters = new MetricRegistry();
        NetStack stack;

        private Host(Simulation simulation, String name, long poolBytes) {
            platform = new SimPlatform(simulation, name);
            loop = Loop.builder(platform).name(name).build();
            pool = PacketPool.builder(platform.pages()).budgetBytes(poolBytes).build();
            simulation.add(name, loop);
        }

        private void start(NetDevice device, String address, Config config) {
            stack = NetStack.builder(loop, device, pool)
                    .address(Ipv4Prefix.parse(address))
                    .entropy(platform.entropy())
                    .counters(counters)
                    .config(config)
                    .build();
        }

        Endpoint at(int port) {
            return new Endpoint(stack.address().address(), port);
        }

        /** The sum of a counter over all its labels. */
        long count(String name) {
            long[] sum = new long[1];
            counters.forEach((metric, labels, help, counter, value) -> sum[0] += metric.equals(name) ? value : 0);
            return sum[0];
        }

        long dropped(String reason) {
            long[] sum = new long[1];
            counters.forEach((metric, labels, help, counter, value) -> {
                if (metric.equals("uk_tcp_segments_dropped_total") && labels.contains("\"" + reason + "\"")) {
                    sum[0] += value;
                }
            });
            return sum[0];
        }
    }

    TcpHosts(long seed) {
        this(seed, false, 32L << 20);
    }

    TcpHosts(long seed, boolean offloads, long poolBytes, String... settings) {
        Configs.Builder configs = Configs.builder().keys(TcpKeys.all());
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            configs.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        Config config = configs.build();
        simulation = new Simulation(seed);
        a = new Host(simulation, "a", poolBytes);
        b = new Host(simulation, "b", poolBytes);
        wire = Wire.builder(simulation).offloads(offloads).build(a.pool, b.pool);
        wire.aToB().delayNs(MS);
        wire.bToA().delayNs(MS);
        a.start(wire.a(), "10.0.0.1/24", config);
        b.start(wire.b(), "10.0.0.2/24", config);
    }

    /** How many bytes of buffers are not in the pools. */
    long bytesOut() {
        return a.pool.capacityBytes() - a.pool.availableBytes() + b.pool.capacityBytes() - b.pool.availableBytes();
    }

    @Override
    public void close() {
        a.stack.close();
        b.stack.close();
        wire.close();
    }
}
