package io.uk4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Platform;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockDevicesTest {
    private static final DeviceContext CONTEXT = new DeviceContext(
            unused(Platform.class), Configs.builder().build(), new MetricRegistry(), unused(BufferPool.class));

    private static <T> T unused(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
            throw new UnsupportedOperationException(method.toString());
        }));
    }

    private static final class MemoryProvider implements BlockDeviceProvider {
        @Override
        public String scheme() {
            return "memory";
        }

        @Override
        public String usage() {
            return "memory:SIZE";
        }

        @Override
        public BlockDevice open(DeviceContext context, String address) {
            throw new DeviceException("memory opens '" + address + "'", null, null);
        }
    }

    @Test
    void handsTheAddressToTheProviderOfTheScheme() {
        DeviceException e = assertThrows(
                DeviceException.class, () -> BlockDevices.open(List.of(new MemoryProvider()), CONTEXT, "memory:64M"));
        assertEquals("memory opens '64M'", e.getMessage());
    }

    @Test
    void namesTheDependencyThatBringsFiles() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> BlockDevices.open(List.of(new MemoryProvider()), CONTEXT, "file:disk.img"));
        assertEquals("""
                uk.block.device=file:disk.img: nothing here opens devices of the scheme file:.
                Allowed: memory:SIZE.
                Try: the dependency io.uk4j:uk-platform-unix, which brings file:PATH""", e.getMessage());
    }
}
