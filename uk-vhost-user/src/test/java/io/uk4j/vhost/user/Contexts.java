package io.uk4j.vhost.user;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.Platform;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import io.uk4j.virtio.driver.VirtioKeys;
import java.util.List;

/** What devices are opened with. */
final class Contexts {
    private Contexts() {}

    /** A context whose configuration has these settings, each {@code KEY=VALUE}. */
    static DeviceContext context(Platform platform, Counters counters, PacketPool pool, String... settings) {
        return new DeviceContext(platform, config(settings), counters, pool);
    }

    static Config config(String... settings) {
        Configs.Builder builder = Configs.builder()
                .keys(new VhostUserKeys().keys())
                .keys(new VirtioKeys().keys())
                .keys(List.of(NetDevices.MAC));
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            builder.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return builder.build();
    }
}
