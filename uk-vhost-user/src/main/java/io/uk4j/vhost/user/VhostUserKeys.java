package io.uk4j.vhost.user;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/** The configuration keys of vhost-user devices. */
public final class VhostUserKeys implements KeyProvider {
    /** How long to wait for a back end's answer. */
    static final Key<Duration> TIMEOUT = Key.duration(
                    "uk.vhost.timeout",
                    Duration.ofMillis(10),
                    Duration.ofMinutes(1),
                    "how long a vhost-user back end may take to answer a message; meanwhile the device's loop stands still")
            .withDefault("2s");

    /** The MTU of a network behind a back end. */
    static final Key<Integer> MTU = Key.integer(
                    "uk.vhost.mtu", 68, 65_535, "the MTU of the network behind a vhost-user back end, in bytes")
            .withDefault("1500");

    /** Created by {@link java.util.ServiceLoader}. */
    public VhostUserKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(TIMEOUT, MTU);
    }
}
