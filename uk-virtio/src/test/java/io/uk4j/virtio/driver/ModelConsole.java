package io.uk4j.virtio.driver;

import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.transport.VirtioSlot;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** A console whose reader is a test. */
final class ModelConsole implements AutoCloseable {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    static final long ALL = Features.VERSION_1 | 7;

    final ModelPlatform platform = new ModelPlatform();
    final ModelTransport transport;
    final MetricRegistry counters = new MetricRegistry();
    final VirtioConsole console;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    /** Whether nobody reads. */
    boolean asleep;

    /** What the device says of each piece of output to have written into it. */
    int claim;

    ModelConsole(long features) {
        transport = new ModelTransport(platform, "console", features);
        transport.config.putShort(0, (short) 80).putShort(2, (short) 25);
        transport.onKick = this::work;
        VirtioContext context = new VirtioContext(
                platform,
                platform.clock(),
                Configs.builder().keys(new VirtioKeys().keys()).build(),
                counters);
        console = VirtioConsole.open(context, Bus.attach(transport, VirtioSlot.CONSOLE), "con0");
    }

    /** Reads what there is to read. */
    void work() {
        if (asleep || !transport.started) {
            return;
        }
        DeviceQueue queue = transport.queue(TRANSMIT);
        do {
            int id;
            while ((id = queue.next()) != DeviceQueue.NONE) {
                if (queue.readable() != queue.ranges()) {
                    throw new AssertionError("The device is to write into output.");
                }
                for (int i = 0; i < queue.ranges(); i++) {
                    MemorySegment part = queue.segment(i).asSlice(queue.offset(i), queue.length(i));
                    printed.writeBytes(part.toArray(ValueLayout.JAVA_BYTE));
                }
                queue.complete(id, claim);
            }
        } while (queue.arm());
        queue.publish();
        transport.call(TRANSMIT);
    }

    /** Types something; false if there is no buffer for it. */
    boolean type(byte... keys) {
        DeviceQueue queue = transport.queue(RECEIVE);
        int id = queue.next();
        if (id == DeviceQueue.NONE) {
            return false;
        }
        MemorySegment.copy(keys, 0, queue.segment(0), ValueLayout.JAVA_BYTE, queue.offset(0), keys.length);
        queue.complete(id, keys.length);
        queue.publish();
        transport.call(RECEIVE);
        return true;
    }

    /** What was printed so far. */
    String text() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    /** What came through the emergency register. */
    String emergencyText() {
        StringBuilder text = new StringBuilder();
        for (String written : transport.written) {
            String[] parts = written.split(":", -1);
            if (!parts[0].equals("8") || !parts[1].equals("4")) {
                throw new AssertionError("The configuration is written at " + written);
            }
            text.append((char) Integer.parseInt(parts[2]));
        }
        return text.toString();
    }

    long dropped() {
        long[] sum = {0};
        counters.forEach(
                (name, _, _, _, value) -> sum[0] += name.equals("uk_virtio_console_dropped_bytes_total") ? value : 0);
        return sum[0];
    }

    /** Makes the device one that is given up. */
    void giveUp() {
        transport.refusesFeatures = true;
        transport.raise(io.uk4j.virtio.VirtioTransport.NEEDS_RESET);
        console.arm();
        for (int i = 0; i < 40; i++) {
            console.poll(platform.clock().nowNs());
            platform.simulation.runFor(2_000_000_000L);
        }
        if (!console.describe().contains("given up")) {
            throw new AssertionError(console.describe());
        }
    }

    @Override
    public void close() {
        platform.stepNs = 1_000_000;
        console.close();
        platform.close();
        if (platform.allocatedBytes() != 0) {
            throw new AssertionError("Pages were not released: " + platform.allocatedBytes() + " bytes.");
        }
    }
}
