package io.uk4j.net.tcpip;

import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.LeakCheck;
import java.util.function.UnaryOperator;

/** Two stacks with a wire between them, each on a loop of its own. */
final class TwoHosts implements AutoCloseable {
    /** One of the two. */
    static final class Host {
        final SimPlatform platform;
        final Loop loop;
        final PacketPool pool;
        final MetricRegistry counters = new MetricRegistry();
        NetStack stack;

        Host(Simulation simulation, String name) {
            platform = new SimPlatform(simulation, name);
            loop = Loop.builder(platform).name(name).counters(counters).build();
            pool = PacketPool.builder(platform.pages()).budgetBytes(4 << 20).build();
            simulation.add(loop);
        }

        int address() {
            return stack.address().address().bits();
        }

        /** How many exceptions the loop has seen. */
        long failures() {
            long[] sum = new long[1];
            counters.forEach((name, _, _, _, value) -> sum[0] += name.equals("uk_sched_failures_total") ? value : 0);
            return sum[0];
        }

        long drops(DropReason reason) {
            return stack.drops().value(reason);
        }
    }

    final Simulation simulation;
    final Host a;
    final Host b;
    final Wire wire;

    TwoHosts(long seed, UnaryOperator<Wire.Builder> options) {
        simulation = new Simulation(seed);
        a = new Host(simulation, "a");
        b = new Host(simulation, "b");
        wire = options.apply(Wire.builder(simulation)).build(a.pool, b.pool);
        a.stack = NetStack.builder(a.loop, wire.a(), a.pool)
                .address(Ipv4Prefix.parse("192.0.2.1/24"))
                .entropy(a.platform.entropy())
                .counters(a.counters)
                .build();
        b.stack = NetStack.builder(b.loop, wire.b(), b.pool)
                .address(Ipv4Prefix.parse("192.0.2.2/24"))
                .entropy(b.platform.entropy())
                .counters(b.counters)
                .build();
    }

    @Override
    public void close() {
        for (Host host : new Host[] {a, b}) {
            host.stack.close();
            host.loop.close();
        }
        wire.close();
        for (Host host : new Host[] {a, b}) {
            LeakCheck.assertAllBack(host.pool);
            host.pool.close();
            host.platform.close();
        }
    }
}
