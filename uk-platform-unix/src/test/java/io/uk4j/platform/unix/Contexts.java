package io.uk4j.platform.unix;

import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.Platform;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;

/** What devices are opened with. */
final class Contexts {
    private Contexts() {}

    /** A context whose configuration has these settings, each {@code KEY=VALUE}. */
    static DeviceContext context(Platform platform, Counters counters, BufferPool pool, String... settings) {
        return new DeviceContext(platform, config(settings), counters, pool);
    }

    /** A context for devices that use no pool. */
    static DeviceContext context(Platform platform, Counters counters) {
        return context(platform, counters, pool(platform, 1, 1));
    }

    static Config config(String... settings) {
        Configs.Builder builder = Configs.builder().keys(new UnixKeys().keys()).keys(NetDevices.MAC);
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            builder.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return builder.build();
    }

    /** A pool of the usual two size classes, whose exhaustion a test can arrange; goes with the platform. */
    static PacketPool pool(Platform platform, int smallSlots, int largeSlots) {
        PacketPool.Builder builder = PacketPool.builder(platform.pages()).sizeClass(2048, smallSlots);
        return (largeSlots == 0 ? builder : builder.sizeClass(16_384, largeSlots)).build();
    }
}
