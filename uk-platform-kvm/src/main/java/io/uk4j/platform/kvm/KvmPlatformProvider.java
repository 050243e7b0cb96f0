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
     * @throws io.uk4j.core.DeviceException if {@code uk.kvm.devices} declares other devices than the machine has, or {@code
     *     uk.net.device}, {@code uk.block.device} or {@code uk.kvm.console} names one that it has not
     */
    @Override
    public Platform create(Config config) {
        KvmPlatform platform = KvmPlatform.create();
        try {
            platform.prepare(config);
            return platform;
        } catch (RuntimeException e) {
            platform.close();
            throw e;
        }
    }
}
