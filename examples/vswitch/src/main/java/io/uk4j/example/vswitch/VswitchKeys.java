package io.uk4j.example.vswitch;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** The switch's configuration. */
public final class VswitchKeys implements KeyProvider {
    private static final int PORT_LIMIT = 64;

    /** What is connected. */
    static final Key<List<String>> PORTS = Key.of(
                    "uk.vswitch.ports",
                    "2 to 64 network devices, each SCHEME:ADDRESS, between commas",
                    "the devices that the switch connects",
                    VswitchKeys::parsePorts)
            .withDefault("vhost-user-backend:/tmp/uk-vswitch-0.sock,vhost-user-backend:/tmp/uk-vswitch-1.sock");

    /** Created by {@link java.util.ServiceLoader}. */
    public VswitchKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(PORTS);
    }

    private static List<String> parsePorts(String text) {
        List<String> ports =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        if (ports.size() < 2 || ports.size() > PORT_LIMIT || ports.stream().anyMatch(String::isEmpty)) {
            throw new IllegalArgumentException("not 2 to " + PORT_LIMIT + " devices");
        }
        return ports;
    }
}
