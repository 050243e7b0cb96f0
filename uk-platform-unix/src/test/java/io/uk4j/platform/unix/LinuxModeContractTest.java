package io.uk4j.platform.unix;

import io.uk4j.core.Platform;
import io.uk4j.testkit.PlatformContract;

class LinuxModeContractTest extends PlatformContract {
    @Override
    protected Platform open() {
        return UnixPlatform.builder().portable(false).build();
    }
}
