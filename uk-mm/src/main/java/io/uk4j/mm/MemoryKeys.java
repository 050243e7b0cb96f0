package io.uk4j.mm;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.util.Collection;
import java.util.List;

/**
 * The configuration keys of this module.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class MemoryKeys implements KeyProvider {
    /** How many bytes a loop's packet pool holds. */
    public static final Key<Long> POOL_BYTES = Key.size(
                    "uk.mm.pool.bytes", 1L << 20, 1L << 36, "memory for packet buffers, per event loop")
            .withDefault("64M");

    /** Whether a packet pool remembers where each buffer was acquired. */
    public static final Key<Boolean> POOL_TRACK = Key.bool(
                    "uk.mm.pool.track", "remember where each packet buffer was acquired, to find leaks; slow")
            .withDefault("false");

    /** Called by {@link java.util.ServiceLoader}. */
    public MemoryKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(POOL_BYTES, POOL_TRACK);
    }
}
