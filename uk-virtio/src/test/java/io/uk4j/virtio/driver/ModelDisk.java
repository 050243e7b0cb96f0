package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.transport.VirtioSlot;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A block device in memory, which works when it is told of requests, or when a test lets it. */
final class ModelDisk implements AutoCloseable {
    static final int SECTORS = 256;

    /** How many queues it has if it offers several. */
    static final int QUEUES = 4;

    static final long ALL = Features.VERSION_1
            | Features.INDIRECT_DESC
            | Features.EVENT_IDX
            | BlockFeatures.SEG_MAX
            | BlockFeatures.SIZE_MAX
            | BlockFeatures.BLK_SIZE
            | BlockFeatures.GEOMETRY
            | BlockFeatures.FLUSH
            | BlockFeatures.DISCARD
            | BlockFeatures.WRITE_ZEROES;

    final ModelPlatform platform = new ModelPlatform();
    final ModelTransport transport;
    final MetricRegistry counters = new MetricRegistry();
    final PacketPool pool = PacketPool.builder(platform.pages())
            .sizeClass(4096, 256)
            .sizeClass(65_536, 16)
            .trackLeaks(true)
            .build();
    final VirtioBlock device;

    /** What the disk holds. */
    final byte[] contents = new byte[SECTORS * 512];

    /** The requests that were carried out, as {@code TYPE SECTOR BYTES}. */
    final List<String> log = new ArrayList<>();

    /** How many requests were carried out by each queue. */
    final int[] done = new int[QUEUES];

    /** The status that requests end with. */
    int status;

    /** Whether requests are left lying. */
    boolean asleep;

    /** How many chains more are carried out before the others are left lying. */
    int budget = Integer.MAX_VALUE;

    ModelDisk(long features, String... settings) {
        this(features, 6, 4096, settings);
    }

    ModelDisk(long features, int segments, int segmentBytes, String... settings) {
        transport = new ModelTransport(platform, "disk", features);
        transport
                .config
                .putLong(BlockFeatures.CONFIG_CAPACITY, SECTORS)
                .putInt(BlockFeatures.CONFIG_SEG_MAX, segments)
                .putInt(BlockFeatures.CONFIG_SIZE_MAX, segmentBytes)
                .putInt(BlockFeatures.CONFIG_BLK_SIZE, 512)
                .putInt(BlockFeatures.CONFIG_MAX_DISCARD_SECTORS, 8)
                .putInt(BlockFeatures.CONFIG_MAX_WRITE_ZEROES_SECTORS, 8);
        if (Features.has(features, BlockFeatures.MQ)) {
            transport.config.putShort(BlockFeatures.CONFIG_NUM_QUEUES, (short) QUEUES);
            transport.queues = QUEUES;
        }
        transport.onKick = this::work;
        device = VirtioBlock.open(context(settings), Bus.attach(transport, VirtioSlot.BLOCK), "disk");
    }

    DeviceContext context(String... settings) {
        Configs.Builder config = Configs.builder().keys(new VirtioKeys().keys());
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            config.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return new DeviceContext(platform, config.build(), counters, pool);
    }

    /** Carries out what was submitted. */
    void work() {
        if (asleep || !transport.started) {
            return;
        }
        for (int i = 0; i < transport.connected(); i++) {
            work(i);
        }
    }

    private void work(int number) {
        DeviceQueue queue = transport.queue(number);
        do {
            int id;
            while (budget > 0 && (id = queue.next()) != DeviceQueue.NONE) {
                queue.complete(id, carryOut(queue));
                done[number]++;
                budget--;
            }
        } while (budget > 0 && queue.arm());
        queue.publish();
        transport.call(number);
    }

    private int carryOut(DeviceQueue queue) {
        ByteBuffer in = ByteBuffer.allocate(1 << 17).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < queue.readable(); i++) {
            byte[] part =
                    queue.segment(i).asSlice(queue.offset(i), queue.length(i)).toArray(ValueLayout.JAVA_BYTE);
            in.put(part);
        }
        in.flip();
        int type = in.getInt();
        in.getInt();
        int at = (int) in.getLong() * 512;
        int written = 0;
        int last = queue.ranges() - 1;
        switch (type) {
            case BlockFeatures.IN -> {
                for (int i = queue.readable(); i < last; i++) {
                    MemorySegment.copy(
                            contents, at, queue.segment(i), ValueLayout.JAVA_BYTE, queue.offset(i), queue.length(i));
                    at += queue.length(i);
                    written += queue.length(i);
                }
                log.add("read " + (at - written) / 512 + " " + written);
            }
            case BlockFeatures.OUT -> {
                log.add("write " + at / 512 + " " + in.remaining());
                if (status == 0) {
                    int bytes = in.remaining();
                    in.get(contents, at, bytes);
                }
            }
            case BlockFeatures.FLUSH_REQUEST -> log.add("flush");
            default -> {
                int first = (int) in.getLong() * 512;
                int bytes = in.getInt() * 512;
                log.add((type == BlockFeatures.DISCARD_REQUEST ? "discard " : "zero ") + first / 512 + " " + bytes);
                java.util.Arrays.fill(contents, first, first + bytes, (byte) 0);
            }
        }
        queue.segment(last).set(ValueLayout.JAVA_BYTE, queue.offset(last), (byte) status);
        return written + 1;
    }

    @Override
    public void close() {
        device.close();
        pool.close();
        platform.close();
        if (platform.allocatedBytes() != 0) {
            throw new AssertionError("Pages were not released: " + platform.allocatedBytes() + " bytes.");
        }
    }
}
