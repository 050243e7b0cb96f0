package io.uk4j.platform.kvm;

import io.uk4j.core.Platform;
import io.uk4j.testkit.PlatformContract;
import java.io.OutputStream;

/** The platform on a model of the boot layer. */
class KvmPlatformContractTest extends PlatformContract {
    @Override
    protected Platform open() {
        return new KvmPlatform(new ModelBoot(), "", OutputStream.nullOutputStream());
    }
}
