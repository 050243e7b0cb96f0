package io.uk4j.platform.unix;

import io.uk4j.core.Platform;
import io.uk4j.core.PlatformProvider;
import io.uk4j.core.config.Config;

/** Makes the hosted platform for {@code main}; {@code uk.platform=unix}. */
public final class UnixPlatformProvider implements PlatformProvider {
    /** Creates the provider; called by {@link java.util.ServiceLoader}. */
    public UnixPlatformProvider() {}

    @Override
    public String name() {
        return UnixPlatform.NAME;
    }

    /**
     * Makes the platform, in the mode that {@code uk.unix.portable} asks for.
     *
     * @throws io.uk4j.core.PlatformException if the Linux mode was demanded elsewhere, or native access is denied
     */
    @Override
    public Platform create(Config config) {
        UnixPlatform.Builder builder = UnixPlatform.builder().memory(config.get(UnixKeys.MEMORY));
        return switch (config.get(UnixKeys.PORTABLE)) {
            case AUTO -> builder.build();
            case TRUE -> builder.portable(true).build();
            case FALSE -> builder.portable(false).build();
        };
    }
}
