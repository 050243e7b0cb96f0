package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Key;
import io.uk4j.core.net.NetDevices;
import io.uk4j.virtio.transport.VirtioSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Whether the machine has the devices that the configuration declares, and no others. */
final class DeclaredDevices {
    /** Names of the types that drivers are for, by their numbers from 1 on (VIRTIO 1.3, section 5). */
    static final List<String> TYPES = List.of("net", "block", "console", "entropy");

    private static final String VIRTIO = "virtio:";

    private DeclaredDevices() {}

    /**
     * Compares.
     *
     * @throws DeviceException if a device is missing, or one is there that is not declared; names it
     * @throws io.uk4j.core.config.ConfigException if a key has a number of a device that is none
     */
    static void check(Config config, List<VirtioSlot> slots) {
        // Also if the application opens them late or never.
        named(config, NetDevices.DEVICE, VirtioSlot.NETWORK, "net", slots);
        named(config, BlockDevices.DEVICE, VirtioSlot.BLOCK, "blk", slots);
        Optional<List<String>> declared = config.get(KvmKeys.DEVICES);
        if (declared.isEmpty()) {
            return;
        }
        List<String> left = new ArrayList<>(declared.get());
        for (VirtioSlot slot : slots) {
            if (!left.remove(type(slot))) {
                throw refusal(config, slots, slot.name() + " is a device that is not declared: " + type(slot));
            }
        }
        if (!left.isEmpty()) {
            throw refusal(config, slots, "the machine lacks a device that is declared: " + left.getFirst());
        }
    }

    /**
     * The device that a key names by {@code virtio:N}; empty if its value is of another kind.
     *
     * @param what how QEMU calls the type
     * @throws DeviceException if it is not there
     * @throws io.uk4j.core.config.ConfigException if what should be its number is none
     */
    static Optional<VirtioSlot> named(Config config, Key<String> key, int type, String what, List<VirtioSlot> slots) {
        String spec = config.keys().contains(key) ? config.find(key).orElse("") : "";
        if (!spec.startsWith(VIRTIO)) {
            return Optional.empty();
        }
        int number = Slots.number(spec.substring(VIRTIO.length()));
        return Optional.of(Slots.find(slots, type, what, number, key.name() + " (" + config.origin(key) + "), "));
    }

    private static DeviceException refusal(Config config, List<VirtioSlot> slots, String what) {
        String found =
                slots.stream().map(slot -> slot.name() + ' ' + type(slot)).collect(Collectors.joining(", "));
        return new DeviceException(
                KvmKeys.DEVICES.name() + " (" + config.origin(KvmKeys.DEVICES) + "): " + what + '.',
                "Found: " + (found.isEmpty() ? "no virtio device" : found) + '.',
                "a machine with these devices alone, or another value of " + KvmKeys.DEVICES.name());
    }

    private static String type(VirtioSlot slot) {
        int type = slot.deviceType();
        return type >= 1 && type <= TYPES.size() ? TYPES.get(type - 1) : "type " + type;
    }
}
