package io.uk4j.virtio.driver;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * The configuration keys of the virtio drivers, the same for each transport.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class VirtioKeys implements KeyProvider {
    /** How many entries a virtqueue has, where the device allows for it. */
    public static final Key<Integer> QUEUE_SIZE = Key.of(
                    "uk.virtio.queue.size",
                    "a power of two from 4 to 32768",
                    "how many entries a virtqueue has; fewer where the device has no more",
                    VirtioKeys::parseSize)
            .withDefault("256");

    /** With how many queues a device is driven, where it has several. */
    public static final Key<Integer> QUEUES = Key.integer(
                    "uk.virtio.queues",
                    1,
                    64,
                    "how many queues (of network devices: pairs) a device is driven with; fewer where it has no more")
            .withDefault("1");

    /** Features that are not used even though the device offers them. */
    public static final Key<List<String>> WITHOUT = Key.of(
                    "uk.virtio.without",
                    "names of the VIRTIO standard, in lower case, between commas, such as mrg_rxbuf,event_idx",
                    "virtio features that are not used even if a device offers them; to compare, or to avoid a device's fault",
                    VirtioKeys::parseNames)
            .withDefault("");

    /** How long a block device may take for a request. */
    public static final Key<Duration> BLOCK_TIMEOUT = Key.duration(
                    "uk.virtio.block.timeout",
                    Duration.ofMillis(100),
                    Duration.ofHours(1),
                    "how long a virtio block device may take for a request; after that it is reset and asked again")
            .withDefault("30s");

    /** How long a device behind registers may take for a reset. */
    public static final Key<Duration> RESET_TIMEOUT = Key.duration(
                    "uk.virtio.reset.timeout",
                    Duration.ofMillis(1),
                    Duration.ofMinutes(1),
                    "how long a virtio device on PCI or MMIO may take for a reset; the loop stands still meanwhile")
            .withDefault("500ms");

    /** How long an entropy device may take for all that one call asks for. */
    public static final Key<Duration> ENTROPY_TIMEOUT = Key.duration(
                    "uk.virtio.entropy.timeout",
                    Duration.ofMillis(1),
                    Duration.ofMinutes(10),
                    "how long a virtio entropy device may take for what it is asked for; the caller stands still meanwhile")
            .withDefault("2s");

    /** Called by {@link java.util.ServiceLoader}. */
    public VirtioKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(QUEUE_SIZE, QUEUES, WITHOUT, BLOCK_TIMEOUT, RESET_TIMEOUT, ENTROPY_TIMEOUT);
    }

    private static int parseSize(String text) {
        int size;
        try {
            size = Integer.parseInt(text);
        } catch (NumberFormatException _) {
            throw new IllegalArgumentException("not a whole number");
        }
        if (size < 4 || size > 32_768 || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException("not such a power of two");
        }
        return size;
    }

    private static List<String> parseNames(String text) {
        List<String> names = Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
        for (String name : names) {
            if (!NetFeatures.NAMES.has(name) && !BlockFeatures.NAMES.has(name) && !ConsoleFeatures.NAMES.has(name)) {
                throw new IllegalArgumentException("no feature is called " + name);
            }
        }
        return names;
    }
}
