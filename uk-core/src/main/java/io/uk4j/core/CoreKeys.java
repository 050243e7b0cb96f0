package io.uk4j.core;

import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.Configs;
import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import io.uk4j.core.net.NetDevices;
import java.util.Collection;
import java.util.List;

/** The keys of this module: the platform, the profile, and the devices that the appliance opens. */
public final class CoreKeys implements KeyProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public CoreKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(Appliance.PLATFORM, Configs.PROFILE, NetDevices.DEVICE, NetDevices.MAC, BlockDevices.DEVICE);
    }
}
