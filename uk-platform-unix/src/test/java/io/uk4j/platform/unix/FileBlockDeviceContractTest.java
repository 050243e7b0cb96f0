package io.uk4j.platform.unix;

import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.testkit.BlockDeviceContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileBlockDeviceContractTest extends BlockDeviceContract {
    private static final int SIZE_BYTES = 128 * 512;

    @TempDir
    private Path folder;

    @Override
    protected Fixture open() throws IOException {
        Path writable = Files.write(folder.resolve("disk.img"), new byte[SIZE_BYTES]);
        Path readable = Files.write(folder.resolve("readonly.img"), new byte[SIZE_BYTES]);
        UnixPlatform platform = UnixPlatform.create();
        BlockDevice device = open(platform, writable.toString());
        BlockDevice readOnly = open(platform, readable + "?ro");
        Waiter waiter = platform.newWaiter();
        return new Fixture() {
            @Override
            public BlockDevice device() {
                return device;
            }

            @Override
            public BlockDevice readOnlyDevice() {
                return readOnly;
            }

            @Override
            public Waiter waiter() {
                return waiter;
            }

            @Override
            public Clock clock() {
                return platform.clock();
            }

            @Override
            public void close() {
                device.close();
                readOnly.close();
                waiter.close();
                platform.close();
            }
        };
    }

    private static BlockDevice open(UnixPlatform platform, String address) {
        return new FileBlockProvider().open(Contexts.context(platform, new MetricRegistry()), address);
    }
}
