package io.uk4j.virtio.driver;

import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.transport.VirtioSlot;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** An entropy device, which gives what a test lets it. */
final class ModelEntropy implements AutoCloseable {
    final ModelPlatform platform = new ModelPlatform();
    final ModelTransport transport = new ModelTransport(platform, "rng", Features.VERSION_1);
    final MetricRegistry counters = new MetricRegistry();
    final VirtioEntropy source;

    /** The device's bytes are a function of this. */
    private final Random random = new Random(5);

    /** How many bytes it gives at most for a request. */
    int portion = Integer.MAX_VALUE;

    /** What it says to have given, if not what it gave; negative if it tells the truth. */
    int claim = -1;

    /** The byte that it gives, over and over; negative for random ones. */
    int stuck = -1;

    /** Whether requests are left lying. */
    boolean asleep;

    /** How many bytes were asked for, over all. */
    long asked;

    ModelEntropy() {
        transport.onKick = this::work;
        Configs.Builder config = Configs.builder().keys(new VirtioKeys().keys());
        config.set("uk.virtio.entropy.timeout", "1s");
        source = VirtioEntropy.open(
                new VirtioContext(platform, platform.clock(), config.build(), counters),
                Bus.attach(transport, VirtioSlot.ENTROPY),
                "rng0");
        platform.stepNs = 1_000_000;
    }

    void work() {
        if (asleep || !transport.started) {
            return;
        }
        DeviceQueue queue = transport.queue(0);
        int id;
        while ((id = queue.next()) != DeviceQueue.NONE) {
            if (queue.readable() != 0) {
                throw new AssertionError("The device is given something to read.");
            }
            asked += queue.length(0);
            int bytes = Math.min(portion, queue.length(0));
            for (int i = 0; i < bytes; i++) {
                byte value = (byte) (stuck >= 0 ? stuck : random.nextInt());
                queue.segment(0).set(ValueLayout.JAVA_BYTE, queue.offset(0) + i, value);
            }
            queue.complete(id, claim >= 0 ? claim : bytes);
        }
        queue.arm();
        queue.publish();
    }

    @Override
    public void close() {
        source.close();
        platform.close();
        if (platform.allocatedBytes() != 0) {
            throw new AssertionError("Pages were not released: " + platform.allocatedBytes() + " bytes.");
        }
    }
}
