package io.uk4j.platform.kvm;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PlatformException;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.driver.VirtioContext;
import io.uk4j.virtio.driver.VirtioEntropy;
import io.uk4j.virtio.driver.VirtioKeys;
import io.uk4j.virtio.transport.VirtioSlot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stirs bytes of the machine's entropy devices into the boot layer's generator, once, when the platform is made. The processor has seeded it
 * before: a device that gives nothing, or bytes that somebody knows, makes it no worse.
 */
final class Seeding {
    /** As much as the generator's key has. */
    private static final long SEED_BYTES = 32;

    private static final Logger LOG = LoggerFactory.getLogger(Seeding.class);

    private Seeding() {}

    /**
     * Asks each entropy device once, for as long as {@code uk.virtio.entropy.timeout} says.
     *
     * @param boot whose generator gets the bytes
     * @param platform whose devices are asked
     */
    static void stir(BootLayer boot, KvmPlatform platform, Config config) {
        for (VirtioSlot slot : platform.devices(VirtioSlot.class)) {
            if (slot.deviceType() == VirtioSlot.ENTROPY) {
                stir(boot, platform, config, slot);
            }
        }
    }

    private static void stir(BootLayer boot, KvmPlatform platform, Config config, VirtioSlot slot) {
        VirtioContext context = new VirtioContext(platform.pages(), platform.clock(), config, new MetricRegistry());
        long timeoutNs = config.get(VirtioKeys.RESET_TIMEOUT).toNanos();
        try (Arena arena = Arena.ofConfined();
                VirtioEntropy device = VirtioEntropy.open(
                        context, slot.open(VirtioSlot.ENTROPY, platform.clock(), timeoutNs), slot.name())) {
            MemorySegment seed = arena.allocate(SEED_BYTES);
            device.fill(seed);
            boot.addEntropy(seed);
            seed.fill((byte) 0);
            LOG.info("{} has added to the generator of random bytes", slot.name());
        } catch (DeviceException | PlatformException e) {
            LOG.warn("{} has added nothing to the generator of random bytes: {}", slot.name(), e.getMessage());
        }
    }
}
