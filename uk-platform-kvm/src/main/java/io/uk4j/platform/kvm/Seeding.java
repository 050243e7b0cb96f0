package io.uk4j.platform.kvm;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.PageSource;
import io.uk4j.core.PlatformException;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.driver.VirtioContext;
import io.uk4j.virtio.driver.VirtioEntropy;
import io.uk4j.virtio.driver.VirtioKeys;
import io.uk4j.virtio.transport.VirtioSlot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stirs bytes of the machine's entropy devices into the boot layer's generator: when the platform is made, again at an interval, and when the
 * machine was copied or taken back to an earlier state. The processor has seeded it before: a device that gives nothing, or bytes that
 * somebody knows, makes it no worse.
 *
 * <p>On a machine with neither an entropy device nor a generation ID it does nothing, and has no thread.
 */
final class Seeding implements AutoCloseable {
    /** As much as the generator's key has. */
    private static final long SEED_BYTES = 32;

    static final Duration INTERVAL = Duration.ofMinutes(5);

    /** How often the generation ID is read, which is a look at memory. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Seeding.class);

    private final BootLayer boot;
    private final VirtioContext context;
    private final List<VirtioSlot> devices;
    private final @Nullable GenerationId generation;
    private final Duration interval;

    /** Devices of which it was said that they give bytes, or that they do not. */
    private final Set<String> giving = new HashSet<>();

    private final Set<String> failing = new HashSet<>();

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().daemon().name("seeding").unstarted(this::watch);

    /**
     * Creates it.
     *
     * @param boot whose generator gets the bytes
     * @param slots all devices
     * @param generation null where the machine has none
     * @param interval between two times at which devices are asked
     */
    Seeding(
            BootLayer boot,
            PageSource pages,
            Clock clock,
            Config config,
            List<VirtioSlot> slots,
            @Nullable GenerationId generation,
            Duration interval) {
        this.boot = boot;
        context = new VirtioContext(pages, clock, config, new MetricRegistry());
        devices = slots.stream()
                .filter(slot -> slot.deviceType() == VirtioSlot.ENTROPY)
                .toList();
        this.generation = generation;
        this.interval = interval;
    }

    /** Asks each entropy device, each for as long as {@code uk.virtio.entropy.timeout} says, and goes on to do so on a thread of its own. */
    void start() {
        if (generation != null) {
            add(generation.value());
            LOG.info("The machine says when it is copied: its generation ID is watched");
        }
        devices.forEach(this::stir);
        if (generation != null || !devices.isEmpty()) {
            thread.start();
        }
    }

    private void watch() {
        Clock clock = context.clock();
        long askedNs = clock.nowNs();
        long pauseNs = (generation == null || interval.compareTo(LOOK) < 0 ? interval : LOOK).toNanos();
        try {
            while (!closed.await(pauseNs, TimeUnit.NANOSECONDS)) {
                boolean copied = false;
                if (generation != null && generation.hasChanged()) {
                    copied = true;
                    add(generation.value());
                    LOG.info(
                            "The machine was copied, or taken back to an earlier state: randomness is new from here on");
                }
                if (copied || clock.nowNs() - askedNs >= interval.toNanos()) {
                    askedNs = clock.nowNs();
                    devices.forEach(this::stir);
                }
            }
        } catch (InterruptedException _) {
            // Nobody does, and then it is the end.
        }
    }

    private void add(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            boot.addEntropy(arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
        }
    }

    private void stir(VirtioSlot slot) {
        long timeoutNs = context.config().get(VirtioKeys.RESET_TIMEOUT).toNanos();
        try (Arena arena = Arena.ofConfined();
                VirtioEntropy device = VirtioEntropy.open(
                        context, slot.open(VirtioSlot.ENTROPY, context.clock(), timeoutNs), slot.name())) {
            MemorySegment seed = arena.allocate(SEED_BYTES);
            device.fill(seed);
            boot.addEntropy(seed);
            seed.fill((byte) 0);
            failing.remove(slot.name());
            if (giving.add(slot.name())) {
                LOG.info("{} has added to the generator of random bytes", slot.name());
            }
        } catch (DeviceException | PlatformException e) {
            giving.remove(slot.name());
            if (failing.add(slot.name())) {
                LOG.warn("{} has added nothing to the generator of random bytes: {}", slot.name(), e.getMessage());
            }
        }
    }

    /** Ends the thread, for which it waits, since devices and memory are about to go. */
    @Override
    public void close() {
        closed.countDown();
        Threads.awaitEnd(thread);
    }
}
