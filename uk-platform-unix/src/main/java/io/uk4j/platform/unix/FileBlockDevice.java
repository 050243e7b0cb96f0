package io.uk4j.platform.unix;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockCounters;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file as a disk. One thread of its own makes the host's calls, one at a time and in order, so the loop never waits for
 * the disk: a page cache that writes back, or an fsync, can take seconds.
 *
 * <p>Requests stand in one ring with three positions: submitted (moved by the loop), done (by the thread), and delivered
 * (by the loop). Who moves a position publishes what lies before it.
 */
final class FileBlockDevice implements BlockDevice {
    private static final Logger LOG = LoggerFactory.getLogger(FileBlockDevice.class);
    private static final VarHandle SUBMITTED;
    private static final VarHandle DONE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            SUBMITTED = lookup.findVarHandle(FileBlockDevice.class, "submitted", long.class);
            DONE = lookup.findVarHandle(FileBlockDevice.class, "done", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BlockDeviceInfo info;
    private final FileTransfer transfer;
    private final SignalSource source = new SignalSource();
    private final ParkWaiter worker;
    private final Thread thread;
    private final BlockCounters counters;

    private final @Nullable BlockRequest[] requests;
    private final int[] statuses;
    private long submitted;
    private long done;
    private long delivered;
    private volatile boolean closing;
    private boolean errorLogged;

    FileBlockDevice(BlockDeviceInfo info, FileChannel channel, DeviceContext context) {
        this.info = info;
        transfer = new FileTransfer(channel);
        worker = new ParkWaiter(context.platform().clock());
        counters = new BlockCounters(context.counters(), info.name());
        requests = new BlockRequest[info.queueDepth()];
        statuses = new int[info.queueDepth()];
        thread = Thread.ofPlatform().daemon().name("uk-file-" + info.name()).start(this::work);
    }

    @Override
    public BlockDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return source;
    }

    @Override
    public boolean submit(BlockRequest request) {
        if (closing) {
            throw new DeviceException("file:" + info.name() + " is closed.", null, null);
        }
        info.check(request);
        if (submitted - delivered == requests.length) {
            return false;
        }
        requests[slot(submitted)] = request;
        SUBMITTED.setRelease(this, submitted + 1);
        worker.wakeup();
        return true;
    }

    @Override
    public int poll(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit " + limit + " is not 1 or more.");
        }
        long end = (long) DONE.getAcquire(this);
        int count = 0;
        while (count < limit && delivered < end) {
            deliver(statuses[slot(delivered)]);
            count++;
        }
        return count;
    }

    private void deliver(int status) {
        int slot = slot(delivered);
        BlockRequest request = requests[slot];
        requests[slot] = null;
        delivered++;
        if (request != null) {
            counters.completed(request, status);
            request.complete(status);
        }
    }

    @Override
    public boolean arm() {
        return delivered < (long) DONE.getAcquire(this);
    }

    /**
     * Lets the host's call that is under way come to its end, gives up the file, and completes with {@link
     * BlockRequest#CLOSED} every request that was not delivered, done or not. Nothing is made durable that was not flushed.
     */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        worker.wakeup();
        awaitWorker();
        transfer.close();
        while (delivered < submitted) {
            deliver(BlockRequest.CLOSED);
        }
    }

    private void awaitWorker() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private int slot(long position) {
        return (int) (position % requests.length);
    }

    /** What the thread does. */
    private void work() {
        while (!closing) {
            long next = done;
            if (next == (long) SUBMITTED.getAcquire(this)) {
                worker.await(Duty.NO_DEADLINE);
                continue;
            }
            BlockRequest request = requests[slot(next)];
            if (request != null) {
                statuses[slot(next)] = execute(request);
            }
            DONE.setRelease(this, next + 1);
            source.signal();
        }
    }

    private int execute(BlockRequest request) {
        try {
            transfer.execute(request);
            return BlockRequest.OK;
        } catch (IOException | RuntimeException e) {
            if (!errorLogged) {
                errorLogged = true;
                LOG.warn("file:{} failed to {}; later failures are only counted", info.name(), request.operation(), e);
            }
            return BlockRequest.IO_ERROR;
        }
    }
}
