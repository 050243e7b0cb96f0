package io.uk4j.benchmarks;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * The block driver over vhost-user, measured from within; a process of its own, so that it can be run under Epsilon, the collector that
 * never collects. Reads or writes the device from its start to its end, again and again.
 *
 * <p>Prints one line: {@code requests N ns N heap N}.
 */
final class VirtioBlockProbe {
    private final BlockDevice device;
    private final Operation operation;
    private final int bytes;
    private final ArrayDeque<BlockRequest> idle = new ArrayDeque<>();
    private final ArrayDeque<ByteBuf> buffers = new ArrayDeque<>();
    private long offset;
    private long done;

    private VirtioBlockProbe(BlockDevice device, PacketPool pool, Operation operation, int bytes, int depth) {
        this.device = device;
        this.operation = operation;
        this.bytes = bytes;
        for (int i = 0; i < depth; i++) {
            ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(bytes), "the pool is too small");
            buffers.add(buffer);
            idle.add(new BlockRequest(1, this::completed));
        }
    }

    /**
     * Runs one case.
     *
     * @param args {@code read|write}, socket, bytes of a request, requests under way at a time, seconds to warm up, seconds to measure,
     *     and settings of the configuration
     */
    public static void main(String[] args) {
        Configs.Builder config = Configs.builder().discoverKeys(VirtioBlockProbe.class.getClassLoader());
        for (int i = 6; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            config.set(args[i].substring(0, equals), args[i].substring(equals + 1));
        }
        int bytes = Integer.parseInt(args[2]);
        int depth = Integer.parseInt(args[3]);
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool = PacketPool.builder(platform.pages())
                        .sizeClass(2048, 256)
                        .sizeClass(bytes + 512, depth + 1)
                        .build();
                BlockDevice device = BlockDevices.open(
                        new DeviceContext(platform, config.build(), new MetricRegistry(), pool),
                        "vhost-user:" + args[1])) {
            Operation operation = args[0].equals("write") ? Operation.WRITE : Operation.READ;
            VirtioBlockProbe probe = new VirtioBlockProbe(device, pool, operation, bytes, depth);
            System.out.println(probe.measure(
                    (long) (Double.parseDouble(args[4]) * 1e9), (long) (Double.parseDouble(args[5]) * 1e9)));
            probe.buffers.forEach(ByteBuf::release);
        }
    }

    private String measure(long warmUpNs, long durationNs) {
        run(warmUpNs);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long doneBefore = done;
        long heapBefore = threads.getCurrentThreadAllocatedBytes();
        long elapsedNs = run(durationNs);
        long heap = threads.getCurrentThreadAllocatedBytes() - heapBefore;
        long requests = done - doneBefore;
        return "requests " + requests + " ns " + elapsedNs + " heap " + heap;
    }

    private long run(long durationNs) {
        long startNs = System.nanoTime();
        long elapsedNs;
        do {
            for (int i = 0; i < 100; i++) {
                submit();
                if (device.poll(64) == 0) {
                    Thread.onSpinWait();
                }
            }
            elapsedNs = System.nanoTime() - startNs;
        } while (elapsedNs < durationNs);
        return elapsedNs;
    }

    private void submit() {
        while (!idle.isEmpty()) {
            BlockRequest request = idle.getFirst();
            ByteBuf buffer = buffers.getFirst();
            request.transfer(operation, offset).add(buffer, buffer.readerIndex(), bytes);
            if (!device.submit(request)) {
                return;
            }
            idle.removeFirst();
            buffers.addLast(buffers.removeFirst());
            offset += bytes;
            if (offset + bytes > device.info().capacityBytes()) {
                offset = 0;
            }
        }
    }

    private void completed(BlockRequest request, int status) {
        if (status == BlockRequest.IO_ERROR) {
            throw new IllegalStateException("The device failed to " + operation + ".");
        }
        done++;
        idle.addLast(request);
    }
}
