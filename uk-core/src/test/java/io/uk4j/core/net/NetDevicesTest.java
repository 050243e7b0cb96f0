package io.uk4j.core.net;

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
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NetDevicesTest {
    /** A provider that says which address it was asked for instead of opening it. */
    private record Provider(String scheme, String usage) implements NetDeviceProvider {
        @Override
        public NetDevice open(DeviceContext context, String address) {
            throw new DeviceException(scheme + " opens '" + address + "'", null, null);
        }
    }

    private static final NetDeviceProvider TAP = new Provider("tap", "tap:NAME");
    private static final NetDeviceProvider WIRE = new Provider("wire", "wire:SIDE");
    private static final DeviceContext CONTEXT = new DeviceContext(
            unused(Platform.class), Configs.builder().build(), new MetricRegistry(), unused(BufferPool.class));

    private static <T> T unused(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
            throw new UnsupportedOperationException(method.toString());
        }));
    }

    private static String opened(String spec, NetDeviceProvider... providers) {
        return assertThrows(DeviceException.class, () -> NetDevices.open(List.of(providers), CONTEXT, spec))
                .getMessage();
    }

    private static String refusal(String spec, NetDeviceProvider... providers) {
        return assertThrows(ConfigException.class, () -> NetDevices.open(List.of(providers), CONTEXT, spec))
                .getMessage();
    }

    @Test
    void handsTheAddressToTheProviderOfTheScheme() {
        assertEquals("tap opens 'uk0'", opened("tap:uk0", WIRE, TAP));
        assertEquals("wire opens 'a:b=c'", opened("wire:a:b=c", WIRE, TAP));
        assertEquals("wire opens ''", opened("wire:", WIRE, TAP));
        assertEquals("wire opens ''", opened("wire", WIRE, TAP));
    }

    @Test
    void listsTheSchemesThatThereAreAndTheDependencyThatBringsTheWantedOne() {
        assertEquals("""
                uk.net.device=gateway:8080=80: nothing here opens devices of the scheme gateway:.
                Allowed: tap:NAME, wire:SIDE.
                Try: the dependency io.uk4j:uk-gateway, which brings gateway:HOSTPORT=PORT""", refusal("gateway:8080=80", WIRE, TAP));
        assertEquals("""
                uk.net.device=tab:uk0: nothing here opens devices of the scheme tab:.
                Allowed: tap:NAME.
                Try: the dependency io.uk4j:uk-gateway, which brings gateway:HOSTPORT=PORT; \
                or the dependency io.uk4j:uk-vhost-user, which brings vhost-user:PATH; \
                or the dependency io.uk4j:uk-platform-kvm, which brings virtio:N""", refusal("tab:uk0", TAP));
    }

    @Test
    void namesAllDependenciesWhereThereIsNoProvider() {
        String expected = """
                uk.net.device=x:y: nothing here opens devices of the scheme x:.
                Allowed are the schemes of the modules that are linked in; there is none.
                Try: the dependency io.uk4j:uk-gateway, which brings gateway:HOSTPORT=PORT; \
                or the dependency io.uk4j:uk-platform-unix, which brings tap:NAME; \
                or the dependency io.uk4j:uk-vhost-user, which brings vhost-user:PATH; \
                or the dependency io.uk4j:uk-platform-kvm, which brings virtio:N""";
        assertEquals(expected, refusal("x:y"));
        assertEquals(
                expected,
                assertThrows(ConfigException.class, () -> NetDevices.open(CONTEXT, "x:y"))
                        .getMessage(),
                "none is on this class path");
    }

    @Test
    void refusesToGuessBetweenTwoProvidersOfOneScheme() {
        assertEquals("""
                uk.net.device=tap:uk0: several modules open devices of the scheme tap:.
                Found: io.uk4j.core.net.NetDevicesTest$Provider, io.uk4j.core.net.NetDevicesTest$Provider.
                Try: take all but one off the class path""", refusal("tap:uk0", TAP, TAP));
    }

    @Test
    void putsLayersAroundADeviceInTheOrderOfTheirNames() {
        List<String> closed = new ArrayList<>();
        NetDevice device = NetDevices.layered(
                List.of(new Outer(closed), new Inner(closed)), CONTEXT, closing("device", closed, null));
        device.close();
        assertEquals(List.of("outer", "inner", "device"), closed);
    }

    @Test
    void closesTheDeviceWhenALayerRefuses() {
        List<String> closed = new ArrayList<>();
        NetDeviceLayer refusing = (_, _) -> {
            throw new ConfigException("as meant", null, null);
        };
        List<NetDeviceLayer> layers = List.of(refusing);
        NetDevice device = closing("device", closed, null);
        assertThrows(ConfigException.class, () -> NetDevices.layered(layers, CONTEXT, device));
        assertEquals(List.of("device"), closed);
    }

    private record Inner(List<String> closed) implements NetDeviceLayer {
        @Override
        public NetDevice around(DeviceContext context, NetDevice device) {
            return closing("inner", closed, device);
        }
    }

    private record Outer(List<String> closed) implements NetDeviceLayer {
        @Override
        public NetDevice around(DeviceContext context, NetDevice device) {
            return closing("outer", closed, device);
        }
    }

    /** A device that can only be closed, and then closes another. */
    private static NetDevice closing(String name, List<String> closed, @Nullable NetDevice inner) {
        return (NetDevice) Proxy.newProxyInstance(
                NetDevice.class.getClassLoader(), new Class<?>[] {NetDevice.class}, (_, method, _) -> {
                    assertEquals("close", method.getName());
                    closed.add(name);
                    if (inner != null) {
                        inner.close();
                    }
                    return null;
                });
    }
}
