package io.uk4j.platform.kvm;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The keys of the kvm platform.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class KvmKeys implements KeyProvider {
    /** Which devices the machine has to have, no more and no less; nothing where any will do. Fixed once it is sealed in an image. */
    public static final Key<Optional<List<String>>> DEVICES = Key.of(
                    "uk.kvm.devices",
                    "any, none, or types between commas, as often as the machine has one: "
                            + String.join(", ", DeclaredDevices.TYPES),
                    "which virtio devices the machine has to have, no more and no less; sealed in an image, it refuses another machine",
                    KvmKeys::parse)
            .withDefault("any")
            .asFixed();

    /** Where the appliance talks to its operator. */
    public static final Key<String> CONSOLE = Key.of(
                    "uk.kvm.console",
                    "serial; or virtio:N, where N counts the machine's virtio consoles from 0 on",
                    "where the appliance talks to its operator: on the serial line alone, or on a virtio console as well",
                    KvmKeys::parseConsole)
            .withDefault("serial");

    /** Called by {@link java.util.ServiceLoader}. */
    public KvmKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(DEVICES, CONSOLE);
    }

    private static String parseConsole(String text) {
        if (!text.equals("serial") && !text.matches("virtio:[0-9]{1,4}")) {
            throw new IllegalArgumentException("not a console");
        }
        return text;
    }

    private static Optional<List<String>> parse(String text) {
        if (text.equals("any")) {
            return Optional.empty();
        }
        List<String> types = text.equals("none") ? List.of() : new ArrayList<>(Arrays.asList(text.split(",", -1)));
        for (String type : types) {
            if (!DeclaredDevices.TYPES.contains(type)) {
                throw new IllegalArgumentException("there is no type " + type);
            }
        }
        // In one order, since the same devices in another one are the same declaration.
        return Optional.of(types.stream().sorted().toList());
    }
}
