package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockCounters;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.Counter;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The driver of virtio block devices (VIRTIO 1.3, section 5.2). Data in buffers of a packet pool is read and
 * written where it lies; other buffers are copied through such. The device is told of new requests at the next {@link #poll} or
 * {@link #arm}, so that requests that are submitted together cost one notification.
 *
 * <p>With {@code uk.virtio.queues} above 1 it drives as many queues, where the device has them, and gives requests to them in turn, so
 * that a device which has a thread for each queue works on several at once. All of them are the loop's that owns this.
 *
 * <p>A device that breaks the rules, wants a reset, goes away, or takes longer than {@code uk.virtio.block.timeout} for a request
 * is started again, and is given again, in the order of each queue and once each time, the requests that it had not completed. A request
 * that was under way in {@value BlockQueue#ATTEMPTS} such starts ends with {@link BlockRequest#IO_ERROR}.
 *
 * <p>A device that does not offer {@code flush} has no cache that could lose anything (section 5.2.6.2); flushes end at once.
 *
 * <p>Thread rule: loop-owned.
 */
public final class VirtioBlock implements BlockDevice {
    private static final long WANTED = Features.VERSION_1
            | Features.INDIRECT_DESC
            | Features.EVENT_IDX
            | Features.IN_ORDER
            | Features.RING_PACKED
            | BlockFeatures.SIZE_MAX
            | BlockFeatures.SEG_MAX
            | BlockFeatures.GEOMETRY
            | BlockFeatures.RO
            | BlockFeatures.BLK_SIZE
            | BlockFeatures.FLUSH
            | BlockFeatures.MQ
            | BlockFeatures.DISCARD
            | BlockFeatures.WRITE_ZEROES;

    private final VirtioTransport transport;
    private final Negotiation negotiation;
    private final QueueMemory memory;
    private final Clock clock;
    private final long timeoutNs;
    private final BlockLimits limits;
    private final BlockQueues queues;
    private final BlockDeviceInfo info;
    private final String geometry;
    private final BlockCounters counters;
    private final Counter timeouts;
    private final DeviceSession session;

    /** Flushes of a device that needs none, to be delivered by the next poll. */
    private final ArrayDeque<BlockRequest> ready;

    /** Requests that are not given to the device again, to be delivered by the next poll. */
    private final ArrayDeque<BlockRequest> failed = new ArrayDeque<>();

    private final BlockQueue.Outcomes outcomes = this::ended;
    private @Nullable WaitSource source;

    /** When it is looked whether a request takes too long. */
    private long lookAtNs = Duty.NO_DEADLINE;

    /** How many requests have ended, over all. */
    private int endings;

    private boolean closed;

    private VirtioBlock(
            DeviceContext context,
            VirtioTransport transport,
            Negotiation negotiation,
            QueueMemory memory,
            String name) {
        this.transport = transport;
        this.negotiation = negotiation;
        this.memory = memory;
        clock = context.platform().clock();
        timeoutNs = context.config().get(VirtioKeys.BLOCK_TIMEOUT).toNanos();
        limits = BlockLimits.read(transport, negotiation);
        geometry = BlockLimits.geometry(transport, negotiation);
        if (context.pool().maxBytes() < limits.blockBytes()) {
            throw new DeviceException(
                    transport.name() + " has blocks of " + limits.blockBytes()
                            + " bytes, more than a buffer of the pool.",
                    "The pool's largest buffers have " + context.pool().maxBytes() + " bytes.",
                    null);
        }
        BlockQueue[] all = new BlockQueue
                [Math.min(queueCount(transport, negotiation), context.config().get(VirtioKeys.QUEUES))];
        int ranges = Integer.MAX_VALUE;
        int depth = 0;
        for (int i = 0; i < all.length; i++) {
            Virtqueue virtqueue = memory.queue(transport, i, context.config(), negotiation.settled());
            BlockChains chains = new BlockChains(virtqueue, limits, context.pool(), memory);
            all[i] = new BlockQueue(virtqueue, chains);
            ranges = Math.min(ranges, chains.rangeLimit());
            depth += Math.max(1, negotiation.has(Features.INDIRECT_DESC) ? virtqueue.size() : virtqueue.size() / 3);
        }
        queues = new BlockQueues(transport, all);
        info = new BlockDeviceInfo(
                name,
                limits.blockBytes(),
                limits.sectors() / (limits.blockBytes() / BlockFeatures.SECTOR_BYTES),
                negotiation.has(BlockFeatures.RO),
                ranges,
                depth,
                limits.discardSectors() > 0);
        ready = new ArrayDeque<>(depth);
        counters = new BlockCounters(context.counters(), name);
        timeouts = context.counters()
                .with("device", name)
                .counter("uk_block_timeouts_total", "Times the device was reset because a request took too long.");
        session = new DeviceSession(
                transport, negotiation, clock, new DeviceCounters(context.counters(), name), new Queues());
    }

    /**
     * Starts a block device.
     *
     * @param context what the device may use; its pool must be an {@link io.uk4j.mm.PacketPool}, made from pages of the platform
     * @param transport how the device is reached; closed with this device, and also if this fails
     * @param name a short name, unique in the appliance
     * @throws DeviceException if there is no device, or it cannot be used; says why
     */
    public static VirtioBlock open(DeviceContext context, VirtioTransport transport, String name) {
        QueueMemory memory = new QueueMemory(context.platform().pages());
        boolean started = false;
        try {
            long excluded = BlockFeatures.NAMES.mask(context.config().get(VirtioKeys.WITHOUT));
            long several = context.config().get(VirtioKeys.QUEUES) > 1 ? 0 : BlockFeatures.MQ;
            // Read-only is not a choice.
            Negotiation negotiation = new Negotiation(
                    transport.name(), BlockFeatures.NAMES, WANTED & ~several & ~(excluded & ~BlockFeatures.RO));
            transport.reset();
            negotiation.settle(transport.offeredFeatures());
            VirtioBlock device = new VirtioBlock(context, transport, negotiation, memory, name);
            device.session.start();
            started = true;
            return device;
        } catch (VirtioException e) {
            throw new DeviceException(transport.name() + " cannot be used: " + e.getMessage(), null, null, e);
        } finally {
            if (!started) {
                transport.close();
                memory.close();
            }
        }
    }

    private static int queueCount(VirtioTransport transport, Negotiation negotiation) {
        if (!negotiation.has(BlockFeatures.MQ)) {
            return 1;
        }
        int count = (int) transport.config(BlockFeatures.CONFIG_NUM_QUEUES, 2);
        if (count == 0) {
            throw new DeviceException(
                    transport.name() + " has 0 queues.",
                    "A device has 1 or more (VIRTIO 1.3, section 5.2.4).",
                    VirtioKeys.WITHOUT.name() + "=mq");
        }
        return count;
    }

    /** What happens to the queues when the device begins, for the first time or again. */
    private final class Queues implements DeviceSession.Driver {
        @Override
        public @Nullable DeviceException changed() {
            long sectors = transport.config(BlockFeatures.CONFIG_CAPACITY, 8);
            if (Long.compareUnsigned(sectors, limits.sectors()) < 0) {
                return new DeviceException(
                        transport.name() + " came back with " + sectors + " sectors, fewer than the " + limits.sectors()
                                + " that it had.",
                        null,
                        "restart the appliance, or the device as it was");
            }
            return queues.changed();
        }

        @Override
        public void connect() {
            List<WaitSource> sources = new ArrayList<>();
            sources.add(transport.source());
            queues.connect(sources);
            if (source == null) {
                source = new JointSource(sources);
            }
        }

        @Override
        public void started() {
            long nowNs = clock.nowNs();
            queues.giveAgain(nowNs, outcomes, failed::add);
            lookAtNs = queues.oldestNs() == Duty.NO_DEADLINE ? Duty.NO_DEADLINE : nowNs + timeoutNs;
        }
    }

    @Override
    public BlockDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return Objects.requireNonNull(source);
    }

    @Override
    public boolean submit(BlockRequest request) {
        checkOpen();
        info.check(request);
        if (!session.isRunning()) {
            return false;
        }
        boolean nothingToDo = (request.operation() == Operation.FLUSH && !negotiation.has(BlockFeatures.FLUSH))
                || (request.operation() == Operation.DISCARD && limits.discardSectors() == 0);
        if (nothingToDo) {
            if (ready.size() == info.queueDepth()) {
                return false;
            }
            ready.add(request);
            return true;
        }
        long nowNs = clock.nowNs();
        if (!queues.submit(request, nowNs)) {
            return false;
        }
        if (lookAtNs == Duty.NO_DEADLINE) {
            lookAtNs = nowNs + timeoutNs;
        }
        return true;
    }

    @Override
    public int poll(int limit) {
        checkOpen();
        if (limit < 1) {
            throw new IllegalArgumentException("limit " + limit + " is not 1 or more.");
        }
        if (!session.isRunning() && !session.tend()) {
            return 0;
        }
        int before = endings;
        deliver(ready, BlockRequest.OK, limit);
        deliver(failed, BlockRequest.IO_ERROR, limit - (endings - before));
        int left = limit - (endings - before);
        if (left > 0 && !closed) {
            try {
                queues.kick();
                int done = queues.poll(left, clock.nowNs(), outcomes);
                if (!closed) {
                    queues.kick();
                    session.polled(done > 0);
                    watch();
                }
            } catch (VirtioException e) {
                session.violated(e);
            }
        }
        return endings - before;
    }

    private void deliver(ArrayDeque<BlockRequest> from, int status, int limit) {
        for (int i = 0; i < limit && !from.isEmpty(); i++) {
            ended(from.remove(), status);
        }
    }

    private void ended(BlockRequest request, int status) {
        endings++;
        counters.completed(request, status);
        request.complete(status);
    }

    /** Looks whether a request takes too long. */
    private void watch() {
        if (!session.isRunning() || lookAtNs == Duty.NO_DEADLINE) {
            return;
        }
        long nowNs = clock.nowNs();
        if (nowNs - lookAtNs < 0) {
            return;
        }
        long oldestNs = queues.oldestNs();
        if (oldestNs == Duty.NO_DEADLINE) {
            lookAtNs = Duty.NO_DEADLINE;
        } else if (nowNs - oldestNs >= timeoutNs) {
            timeouts.increment();
            session.failed("a request takes longer than " + VirtioKeys.BLOCK_TIMEOUT.name());
        } else {
            lookAtNs = oldestNs + timeoutNs;
        }
    }

    @Override
    public boolean arm() {
        checkOpen();
        session.listen();
        if (!session.isRunning()) {
            return false;
        }
        queues.kick();
        boolean isDone = queues.arm();
        return isDone || !ready.isEmpty() || !failed.isEmpty();
    }

    @Override
    public long nextDeadlineNs() {
        return session.isLost() ? session.nextDeadlineNs() : lookAtNs;
    }

    @Override
    public String describe() {
        return transport.name() + ", " + queues.describe() + ", " + geometry + session.describe();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            session.close();
            deliver(ready, BlockRequest.CLOSED, Integer.MAX_VALUE);
            deliver(failed, BlockRequest.CLOSED, Integer.MAX_VALUE);
            queues.close(outcomes);
            memory.close();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new DeviceException(transport.name() + " is closed.", null, null);
        }
    }
}
