package io.uk4j.blk;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.testkit.TestPool;
import java.util.ArrayDeque;
import java.util.Deque;

/** What devices are opened with, in virtual time. */
final class TestBed implements AutoCloseable {
    final Simulation simulation = new Simulation(1);
    final SimPlatform platform = new SimPlatform(simulation, "host");
    final MetricRegistry counters = new MetricRegistry();
    final DeviceContext context;
    private final Deque<Runnable> owned = new ArrayDeque<>();

    /** With these settings, each {@code KEY=VALUE}. */
    TestBed(String... settings) {
        Configs.Builder builder = Configs.builder().keys(new BlkKeys().keys());
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            builder.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        context = new DeviceContext(platform, builder.build(), counters, new TestPool(1, 2048));
    }

    RamDisk ram(int sectorBytes, long sectors) {
        return RamDisk.create(context, "ram", sectorBytes, sectorBytes * sectors);
    }

    /** The value of a counter, all its labels added up. */
    long counter(String name) {
        long[] sum = {0};
        counters.forEach((found, labels, help, counter, value) -> sum[0] += found.equals(name) ? value : 0);
        return sum[0];
    }

    /** Has something closed with the bed, the last one first. */
    void own(Runnable closing) {
        owned.push(closing);
    }

    @Override
    public void close() {
        owned.forEach(Runnable::run);
        platform.close();
    }
}
