package io.uk4j.virtio.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the standard calls feature bits, in lower case and without its prefixes. */
final class FeatureNames {
    /** Bits of every device (VIRTIO 1.3, section 6). */
    private static final Map<Integer, String> COMMON = Map.ofEntries(
            Map.entry(24, "notify_on_empty"),
            Map.entry(27, "any_layout"),
            Map.entry(28, "indirect_desc"),
            Map.entry(29, "event_idx"),
            Map.entry(32, "version_1"),
            Map.entry(33, "access_platform"),
            Map.entry(34, "ring_packed"),
            Map.entry(35, "in_order"),
            Map.entry(36, "order_platform"),
            Map.entry(37, "sr_iov"),
            Map.entry(38, "notification_data"),
            Map.entry(39, "notif_config_data"),
            Map.entry(40, "ring_reset"),
            Map.entry(41, "admin_vq"));

    private final TreeMap<Integer, String> names = new TreeMap<>(COMMON);

    /** Adds a device type's own bits to the common ones. */
    FeatureNames(Map<Integer, String> own) {
        names.putAll(own);
    }

    /** The names of all bits of a set, from the lowest on; {@code bit 42} where there is none, {@code none} for no bit. */
    String describe(long features) {
        List<String> words = new ArrayList<>();
        for (long left = features; left != 0; left &= left - 1) {
            int bit = Long.numberOfTrailingZeros(left);
            words.add(names.getOrDefault(bit, "bit " + bit));
        }
        return words.isEmpty() ? "none" : String.join(" ", words);
    }

    /** The bits of those names that this device type has. */
    long mask(Iterable<String> wanted) {
        long mask = 0;
        for (String name : wanted) {
            for (Map.Entry<Integer, String> entry : names.entrySet()) {
                if (entry.getValue().equals(name)) {
                    mask |= 1L << entry.getKey();
                }
            }
        }
        return mask;
    }

    boolean has(String name) {
        return names.containsValue(name);
    }
}
