package io.uk4j.vhost.user;

import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.FileBlockProvider;
import io.uk4j.platform.unix.UnixPlatform;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

/** A file that is served by a thread of its own, as a process of its own would do it. */
final class ServedDisk implements AutoCloseable {
    private static final long PAUSE_NS = 1_000_000;

    final MetricRegistry counters = new MetricRegistry();
    private final Path socket;
    private final Thread thread;
    private volatile boolean ended;

    ServedDisk(Path image, Path socket) {
        this(image.toString(), socket, device -> device);
    }

    /**
     * Serves it.
     *
     * @param address of the file, as its provider takes it
     * @param layer what is put over the file
     */
    ServedDisk(String address, Path socket, UnaryOperator<BlockDevice> layer) {
        this.socket = socket;
        CountDownLatch listening = new CountDownLatch(1);
        thread = Thread.ofPlatform().start(() -> serve(address, layer, listening));
        try {
            listening.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void serve(String address, UnaryOperator<BlockDevice> layer, CountDownLatch listening) {
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool =
                        PacketPool.builder(platform.pages()).sizeClass(2048, 64).build()) {
            var context = Contexts.context(platform, counters, pool);
            BlockDevice device = layer.apply(new FileBlockProvider().open(context, address));
            try (Waiter waiter = platform.newWaiter();
                    VhostUserDisk disk = VhostUserDisk.serve(context, device, socket.toString())) {
                waiter.register(disk.source());
                listening.countDown();
                while (!ended) {
                    long nowNs = platform.clock().nowNs();
                    if (disk.poll(nowNs) == 0 && !disk.arm()) {
                        waiter.await(nowNs + PAUSE_NS);
                    }
                }
                waiter.unregister(disk.source());
            }
        } finally {
            listening.countDown();
        }
    }

    /** The value of a counter, all its labels added up. */
    long counter(String name) {
        long[] sum = {0};
        counters.forEach((found, labels, help, counter, value) -> sum[0] += found.equals(name) ? value : 0);
        return sum[0];
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
