package io.uk4j.vhost.user;

import io.netty.buffer.Unpooled;
import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.UkException;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.metrics.Counter;
import io.uk4j.platform.unix.DescriptorSource;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.platform.unix.UnixListener;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.platform.unix.UnixSocket;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.queue.DeviceQueue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a block device to other processes: the other side of a virtio block device, with the disk below being any {@link BlockDevice}, a
 * file or a whole stack of the block layer. A guest of QEMU with {@code -device vhost-user-blk-pci} can be the front end, or another
 * appliance with {@code uk.block.device=vhost-user:PATH}.
 *
 * <p>One front end at a time; when it is gone the next one may connect. It has four queues, of which it may use any. Data are copied
 * through 2 MiB of the platform's pages, since the memory is the other process's. A front end that breaks the rules loses its connection;
 * a request that makes no sense is answered with an error. While a queue is being stopped, the loop waits for what was taken from
 * it, for 10 s at most.
 *
 * <p>It is a duty: add it to a loop, and register its {@link #source} with the loop's waiter.
 *
 * <p>Thread rule: loop-owned. It owns the device below and closes it.
 */
public final class VhostUserDisk implements Duty, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VhostUserDisk.class);

    private static final int QUEUES = 4;
    private static final int WORKS = 32;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int BATCH = 64;
    private static final long STOP_LIMIT_NS = 10_000_000_000L;

    /** After so many polls that found nothing, it is looked whether the front end has something to say. */
    private static final int EMPTY_POLLS = 256;

    private final String name;
    private final BlockDevice device;
    private final Clock clock;
    private final PageSource pages;
    private final Pages memory;
    private final UnixListener listener;
    private final DescriptorSource connection = DescriptorSource.ofNothing();
    private final List<DescriptorSource> kicks = new ArrayList<>();
    private final WaitSource source;
    private final Counter violations;
    private final List<BlockWork> works = new ArrayList<>();
    private final ArrayDeque<BlockWork> idle = new ArrayDeque<>();
    private final ArrayDeque<BlockWork> ready = new ArrayDeque<>();
    private final ArrayDeque<BlockWork> ended = new ArrayDeque<>();
    private final boolean[] touched = new boolean[QUEUES];
    private @Nullable BackEndSession session;
    private boolean gone;
    private int nextQueue;
    private int emptyPolls;
    private boolean closed;

    private VhostUserDisk(DeviceContext context, BlockDevice device, String path) {
        this.device = device;
        name = Devices.name(path);
        clock = context.platform().clock();
        pages = context.platform().pages();
        violations = context.counters()
                .with("device", name)
                .counter("uk_vhost_violations_total", "Front ends that were sent away for breaking the rules.");
        listener = UnixListener.open(path);
        memory = allocate();
        List<WaitSource> sources = new ArrayList<>(List.of(listener.source(), connection, device.source()));
        for (int i = 0; i < QUEUES; i++) {
            kicks.add(DescriptorSource.ofNothing());
        }
        sources.addAll(kicks);
        source = new JointSource(sources);
        for (int i = 0; i < WORKS; i++) {
            MemorySegment piece = memory.segment().asSlice((long) i * BUFFER_BYTES, BUFFER_BYTES);
            BlockWork work = new BlockWork(device, new Progress(), Unpooled.wrappedBuffer(piece.asByteBuffer()), piece);
            works.add(work);
            idle.add(work);
        }
    }

    private Pages allocate() {
        try {
            return pages.allocate((long) WORKS * BUFFER_BYTES, pages.pageBytes());
        } catch (RuntimeException | Error e) {
            listener.close();
            throw e;
        }
    }

    /**
     * Listens at a socket; does not wait for a front end.
     *
     * @param context gives platform and counters
     * @param device what is served; not used by anyone else from now on
     * @param path of the socket
     * @throws DeviceException if the platform is not unix in its Linux mode, somebody listens at the path already, or it is not
     *     permitted; the device stays with the caller
     * @throws io.uk4j.core.config.ConfigException if the path is empty
     */
    public static VhostUserDisk serve(DeviceContext context, BlockDevice device, String path) {
        Devices.requirePath("vhost-user-disk", path);
        if (!(context.platform() instanceof UnixPlatform unix) || unix.isPortable()) {
            throw new DeviceException(
                    "A disk cannot be served at " + path + " on this platform.",
                    "It needs the platform unix on Linux, not in portable mode.",
                    null);
        }
        return new VhostUserDisk(context, device, path);
    }

    /** What ends a wait when {@link #poll} has something to do. */
    public WaitSource source() {
        return source;
    }

    /** Where requests go when something has become of them. */
    private final class Progress implements BlockWork.Owner {
        @Override
        public void ended(BlockWork work) {
            ended.add(work);
        }

        @Override
        public void ready(BlockWork work) {
            ready.add(work);
        }
    }

    @Override
    public int poll(long nowNs) {
        if (closed) {
            return 0;
        }
        int count = step();
        try {
            count += take();
        } catch (VirtioException e) {
            violated(e);
        }
        count += step();
        if (count == 0 && ++emptyPolls == EMPTY_POLLS) {
            emptyPolls = 0;
            listen();
        }
        return count;
    }

    /** Goes on with what was taken. */
    private int step() {
        int count = 0;
        try {
            count = gone ? 0 : device.poll(BATCH);
        } catch (DeviceException e) {
            LOG.error("{}: the disk is gone: {}", name, e.getMessage());
            gone = true;
            // What it has comes back by that, as failed.
            device.close();
        }
        for (int i = ready.size(); i > 0; i--) {
            BlockWork work = ready.removeFirst();
            if (work.queue() == null) {
                idle.push(work);
            } else if (!work.advance()) {
                ready.addFirst(work);
                break;
            }
            count++;
        }
        giveBack();
        return count;
    }

    private int take() {
        BackEndSession present = session;
        int count = 0;
        for (int i = 0; i < QUEUES && present != null; i++) {
            int number = nextQueue;
            nextQueue = (nextQueue + 1) % QUEUES;
            DeviceQueue queue = present.queue(number);
            while (queue != null && !idle.isEmpty() && ready.isEmpty()) {
                int id = queue.next();
                if (id == DeviceQueue.NONE) {
                    break;
                }
                BlockWork work = idle.peek();
                work.take(queue, number, id);
                idle.pop();
                if (!work.advance()) {
                    ready.add(work);
                }
                count++;
            }
        }
        return count;
    }

    private void giveBack() {
        BackEndSession present = session;
        while (!ended.isEmpty()) {
            BlockWork work = ended.removeFirst();
            DeviceQueue queue = work.queue();
            if (present != null && queue != null) {
                work.giveBack(queue);
                touched[work.queueNumber()] = true;
            }
            work.abandon();
            idle.push(work);
        }
        for (int i = 0; i < QUEUES && present != null; i++) {
            // A front end may disable a queue, and ask then where it stands: what was given back counts all the same.
            DeviceQueue queue = present.startedQueue(i);
            if (touched[i] && queue != null) {
                queue.publish();
                present.call(i);
            }
            touched[i] = false;
        }
    }

    @Override
    public boolean arm() {
        if (closed) {
            return false;
        }
        listen();
        boolean more = !ready.isEmpty() || !ended.isEmpty();
        BackEndSession present = session;
        try {
            more |= !gone && device.arm();
            for (int i = 0; i < QUEUES && present != null && !idle.isEmpty(); i++) {
                DeviceQueue queue = present.queue(i);
                more |= queue != null && queue.arm();
            }
        } catch (DeviceException _) {
            // The next poll finds out.
            return true;
        } catch (VirtioException e) {
            violated(e);
        }
        return more;
    }

    @Override
    public long nextDeadlineNs() {
        return gone || closed ? NO_DEADLINE : device.nextDeadlineNs();
    }

    /** Accepts a front end, and answers what it says. */
    private void listen() {
        if (session == null) {
            UnixSocket socket = listener.accept();
            if (socket == null) {
                return;
            }
            connection.follow(socket);
            session = new BackEndSession(
                    socket,
                    QUEUES,
                    BlockConfig.features(device.info()),
                    BlockConfig.bytes(device.info(), QUEUES),
                    new Queues());
            LOG.info("{}: a front end has connected", name);
        }
        try {
            if (!session.serve()) {
                LOG.info("{}: the front end is gone", name);
                disconnect();
            }
        } catch (UkException e) {
            violated(e);
        }
    }

    private final class Queues implements BackEndSession.Listener {
        @Override
        public void kickable(int queue, @Nullable EventDescriptor kick) {
            if (kick == null) {
                kicks.get(queue).followNothing();
            } else {
                kicks.get(queue).follow(kick);
            }
        }

        @Override
        public void stopping(int queue) {
            long limitNs = clock.nowNs() + STOP_LIMIT_NS;
            while (isUnderWay(queue) && clock.nowNs() - limitNs < 0) {
                step();
                Thread.onSpinWait();
            }
            abandon(queue);
        }
    }

    private boolean isUnderWay(int queue) {
        for (BlockWork work : works) {
            if (work.queue() != null && work.queueNumber() == queue) {
                return true;
            }
        }
        return false;
    }

    private void abandon(int queue) {
        for (BlockWork work : works) {
            if (work.queueNumber() == queue) {
                work.abandon();
            }
        }
    }

    private void violated(UkException e) {
        violations.increment();
        LOG.warn("{}: the front end is sent away: {}", name, e.getMessage());
        disconnect();
    }

    private void disconnect() {
        BackEndSession old = session;
        session = null;
        connection.followNothing();
        kicks.forEach(DescriptorSource::followNothing);
        works.forEach(BlockWork::abandon);
        if (old != null) {
            old.close();
        }
    }

    /** What is served, and to whom, for an operator. */
    public String describe() {
        String below = device.describe();
        return name + ": a disk for vhost-user, " + (session == null ? "no front end" : "a front end is connected")
                + "\n  " + (below.isEmpty() ? device.info().name() : below).replace("\n", "\n  ");
    }

    /** Sends the front end away and closes the device below. Closing twice has no further effect. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            disconnect();
            listener.close();
            device.close();
            pages.release(memory);
        }
    }
}
