package io.uk4j.core;

import io.uk4j.core.config.Config;

/**
 * How {@code main} finds its platform, by {@link java.util.ServiceLoader}: the one that {@code uk.platform} names, else
 * the only one there is. The simulated platform has no provider: tests construct it.
 */
public interface PlatformProvider {
    /** The name that {@code uk.platform} selects by. */
    String name();

    /**
     * Makes the platform.
     *
     * @param config the appliance's configuration
     * @throws PlatformException if this machine cannot carry the platform; the message says why
     */
    Platform create(Config config);
}
