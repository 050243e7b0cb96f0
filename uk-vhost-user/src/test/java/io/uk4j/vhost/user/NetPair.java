package io.uk4j.vhost.user;

import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A front end and a back end of a network device in one process, with real sockets and real shared memory between them. */
final class NetPair implements AutoCloseable {
    final UnixPlatform platform = UnixPlatform.create();
    final MetricRegistry counters = new MetricRegistry();
    final MetricRegistry frontCounters = new MetricRegistry();
    final PacketPool frontPool = pool();
    final PacketPool backPool = pool();
    final Waiter waiter = platform.newWaiter();
    final NetDevice back;
    final NetDevice front;

    private final FrameBatch out = new FrameBatch(1, 64);
    private final FrameBatch in = new FrameBatch(1, 64);

    NetPair(Path folder, String... settings) {
        this(folder, settings, settings);
    }

    NetPair(Path folder, String[] settings, String[] frontSettings) {
        String path = folder.resolve("pair.sock").toString();
        back = new VhostUserBackEndProvider().open(Contexts.context(platform, counters, backPool, settings), path);
        try (Serving _ = new Serving(back)) {
            front = new VhostUserNetProvider()
                    .open(Contexts.context(platform, frontCounters, frontPool, frontSettings), path);
        }
    }

    private PacketPool pool() {
        return PacketPool.builder(platform.pages())
                .sizeClass(2048, 1024)
                .sizeClass(16_384, 16)
                .trackLeaks(true)
                .build();
    }

    /** Answers the front end's messages while this thread waits for the answers. */
    static final class Serving implements AutoCloseable {
        private final Thread thread;
        private volatile boolean ended;

        Serving(NetDevice back) {
            thread = Thread.ofPlatform().start(() -> {
                while (!ended) {
                    back.arm();
                    LockSupport.parkNanos(100_000);
                }
            });
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

    /** Sends one frame from an end. */
    void send(NetDevice from, PacketPool pool, byte[] frame) {
        var buffer = pool.tryAcquire(frame.length);
        if (buffer == null) {
            throw new IllegalStateException("The pool is empty.");
        }
        out.append(buffer.writeBytes(frame), buffer.readerIndex(), frame.length);
        out.endFrame();
        Awaiting.until("room", () -> from.offer(out) == 1);
        from.flush();
    }

    /** Takes one frame at an end. */
    byte @Nullable [] receive(NetDevice at) {
        if (at.poll(in) == 0) {
            at.arm();
            return null;
        }
        byte[] frame = new byte[in.frameBytes(0)];
        in.buffer(0, 0).getBytes(in.offset(0, 0), frame);
        in.clear();
        return frame;
    }

    @Override
    public void close() {
        back.close();
        front.close();
        waiter.close();
        frontPool.close();
        backPool.close();
        platform.close();
    }
}
