package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.UkException;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.QueueAreas;
import io.uk4j.virtio.queue.Virtqueue;
import org.junit.jupiter.api.AfterEach;

/** A device behind registers for tests of a transport alone; its queues are never used. */
abstract class HostileBus {
    static final int TYPE = 2;
    static final long FEATURES = Features.VERSION_1 | 1L << 6;

    final ModelPlatform platform = new ModelPlatform();
    final ModelTransport device = new ModelTransport(platform, "disk", FEATURES);

    HostileBus() {
        // Whoever spins must see time pass.
        platform.stepNs = 1_000_000;
    }

    @AfterEach
    void closePlatform() {
        platform.close();
    }

    QueueAreas areas() {
        return Virtqueue.create(16, FEATURES, platform.allocate(Virtqueue.bytes(16, FEATURES), 64))
                .areas();
    }

    /** Takes a device through all steps until it runs. */
    void startUp(VirtioTransport transport) {
        transport.reset();
        transport.accept(transport.offeredFeatures());
        transport.connect(0, areas());
        transport.start();
    }

    /** The device breaks the rules in a way that the message tells. */
    static void assertViolates(Runnable step, String... words) {
        VirtioException e = assertThrows(VirtioException.class, step::run);
        assertTrue(e.violation() == Violation.PROTOCOL, e.toString());
        assertTells(e, words);
    }

    /** There is no device that could be used, and the message tells why. */
    static void assertUseless(Runnable step, String... words) {
        assertTells(assertThrows(DeviceException.class, step::run), words);
    }

    private static void assertTells(UkException e, String... words) {
        for (String word : words) {
            assertTrue(String.valueOf(e.getMessage()).contains(word), e.getMessage());
        }
    }
}
