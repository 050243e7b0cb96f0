package io.uk4j.gateway;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.util.Collection;
import java.util.List;

/**
 * The keys of this module.
 *
 * <p>Thread rule: shared.
 */
public final class GatewayKeys implements KeyProvider {
    /** How many TCP connections the gateway relays at one time. */
    public static final Key<Integer> CONNECTIONS = Key.integer(
                    "uk.gateway.connections", 1, 1 << 16, "how many TCP connections the gateway relays at one time")
            .withDefault("4096");

    /** How many UDP conversations the gateway remembers. */
    public static final Key<Integer> FLOWS = Key.integer(
                    "uk.gateway.flows", 1, 1 << 14, "how many UDP conversations the gateway remembers at one time")
            .withDefault("1024");

    /** How many bytes of packet buffers the gateway has, besides the application's. */
    public static final Key<Long> POOL_BYTES = Key.size(
                    "uk.gateway.pool", 4L << 20, 1L << 32, "memory for the gateway's own packet buffers")
            .withDefault("64M");

    /** Created by {@link java.util.ServiceLoader}. */
    public GatewayKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(CONNECTIONS, FLOWS, POOL_BYTES);
    }
}
