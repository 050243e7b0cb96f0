package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.config.ConfigException;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.driver.VirtioKeys;
import io.uk4j.virtio.transport.VirtioSlot;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the device that {@code virtio:N} means: the one of its type with that number, from 0 on. */
final class Slots {
    private Slots() {}

    static int number(String address) {
        try {
            int number = Integer.parseInt(address);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException _) {
            // As below.
        }
        throw new ConfigException(
                "virtio:" + address + " does not name a device.",
                "virtio:N, where N counts the devices of that type from 0 on.",
                "virtio:0");
    }

    static VirtioTransport open(DeviceContext context, int type, String what, String address) {
        return find(context.platform().devices(VirtioSlot.class), type, what, number(address), "")
                .open(
                        type,
                        context.platform().clock(),
                        context.config().get(VirtioKeys.RESET_TIMEOUT).toNanos());
    }

    /**
     * The device of a type with a number.
     *
     * @param what how QEMU calls the type
     * @param setting what asks for it, for the message; may be empty
     * @throws DeviceException if there is none; says what there is
     */
    static VirtioSlot find(List<VirtioSlot> all, int type, String what, int number, String setting) {
        List<VirtioSlot> fitting =
                all.stream().filter(slot -> slot.deviceType() == type).toList();
        if (number < fitting.size()) {
            return fitting.get(number);
        }
        String found = all.stream()
                .map(slot -> slot.name() + " (type " + slot.deviceType() + ')')
                .collect(Collectors.joining(", "));
        throw new DeviceException(
                setting + "virtio:" + number + ": the machine has "
                        + (fitting.isEmpty() ? "no" : "only " + fitting.size()) + " virtio " + what + " device"
                        + (fitting.size() > 1 ? "s" : "") + '.',
                "Found: " + (found.isEmpty() ? "no virtio device at all" : found) + '.',
                "a machine that has it (QEMU: "
                        + (type == VirtioSlot.CONSOLE
                                ? "-device virtio-serial-pci -chardev ... -device virtconsole,chardev=..."
                                : "-device virtio-" + what + "-pci")
                        + ")");
    }
}
