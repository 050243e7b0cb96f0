package io.uk4j.platform.unix;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.util.Collection;
import java.util.List;

/** The configuration keys of the hosted platform and its devices. */
public final class UnixKeys implements KeyProvider {
    /** Whether to keep to pure JDK; see {@link UnixPlatform}. */
    static final Key<Portable> PORTABLE = Key.oneOf(
                    "uk.unix.portable",
                    Portable.class,
                    "whether the unix platform keeps to pure JDK, without native calls and without TAP;"
                            + " auto does so where the system is not Linux")
            .withDefault("auto");

    /** How much memory the platform's pages may take. */
    static final Key<Long> MEMORY = Key.size(
                    "uk.unix.memory",
                    1L << 20,
                    1L << 40,
                    "how much memory packet pools and other pages may take together; the host's memory is taken only as"
                            + " it is written to; not in portable mode")
            .withDefault("16G");

    /** Whether a TAP carries checksum and segmentation offload. */
    static final Key<Boolean> TAP_OFFLOAD = Key.bool(
                    "uk.tap.offload",
                    "whether a TAP interface leaves checksums and TCP segmentation to the other side, both ways")
            .withDefault("true");

    /** The values of {@link #PORTABLE}. */
    enum Portable {
        AUTO,
        TRUE,
        FALSE
    }

    /** Creates the provider; called by {@link java.util.ServiceLoader}. */
    public UnixKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(PORTABLE, MEMORY, TAP_OFFLOAD);
    }
}
