package io.uk4j.platform.kvm;

import io.uk4j.core.Platform;
import io.uk4j.core.PlatformProvider;
import io.uk4j.core.config.Config;

/** Makes the platform of a sealed image for {@code main}; {@code uk.platform=kvm}. */
public final class KvmPlatformProvider implements PlatformProvider {
    /** Creates the provider; called by {@link java.util.ServiceLoader}. */
    public KvmPlatformProvider() {}

    @Override
    public String name() {
        return KvmPlatform.NAME;
    }

    /**
     * Makes the platform.
     *
     * @throws io.uk4j.core.PlatformException if this is no sealed image, its boot layer is of another version, or native access is
     *     denied
     */
    @Override
    public Platform create(Config config) {
        return KvmPlatform.create();
    }
}
