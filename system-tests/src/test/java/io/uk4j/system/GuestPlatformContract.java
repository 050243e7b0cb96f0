package io.uk4j.system;

import io.uk4j.core.Platform;
import io.uk4j.platform.kvm.KvmPlatform;
import io.uk4j.testkit.PlatformContract;

/** The contract of platforms, for the inside of a sealed image: {@link SealedImageIT} runs it there. */
class GuestPlatformContract extends PlatformContract {
    @Override
    protected Platform open() {
        return KvmPlatform.create();
    }
}
