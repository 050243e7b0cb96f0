package io.uk4j.blk;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockCounters;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A block device over others, and what all such have in common: as many requests under way as there are operations, which are made once;
 * completions that come from {@link #poll} alone; and an end for everything at {@link #close}. A subclass says what an operation does.
 *
 * <p>The layer owns the devices below it and closes them.
 */
abstract class Layer implements BlockDevice {
    /** The most fragments that a layer takes, so that what it keeps for each request is bounded. */
    static final int FRAGMENT_LIMIT = 256;

    /** The most requests that a layer has under way, for the same reason. */
    static final int DEPTH_LIMIT = 128;

    private final BlockDeviceInfo info;
    private final List<Below> below;
    private final WaitSource source;
    private final BlockCounters counters;
    private final List<Op> ops = new ArrayList<>();
    private final ArrayDeque<Op> free = new ArrayDeque<>();
    private final ArrayDeque<Op> done = new ArrayDeque<>();
    private boolean closed;

    /** A request on its way through the layer. */
    abstract static class Op {
        private @Nullable BlockRequest request;
        private int status;

        /** The request, as long as it is not finished. */
        final BlockRequest request() {
            return Objects.requireNonNull(request);
        }

        /** Begins; may finish it at once. */
        abstract void start();
    }

    /** A layer that polls the devices below itself. */
    Layer(BlockDeviceInfo info, Counters registry, List<Below> below) {
        this.info = info;
        this.below = List.copyOf(below);
        List<WaitSource> sources =
                below.stream().map(each -> each.device().source()).toList();
        source = sources.size() == 1 ? sources.getFirst() : new JointSource(sources);
        counters = new BlockCounters(registry, info.name());
    }

    /** A layer over what somebody else polls, who signals the source after an operation was finished. */
    Layer(BlockDeviceInfo info, Counters registry, WaitSource source) {
        this.info = info;
        this.source = source;
        below = List.of();
        counters = new BlockCounters(registry, info.name());
    }

    /** Makes the operations, one for each request that may be under way; the last thing that a subclass's constructor does. */
    final void fill(Supplier<? extends Op> factory) {
        for (int i = 0; i < info.queueDepth(); i++) {
            Op op = factory.get();
            ops.add(op);
            free.add(op);
        }
    }

    /** Ends an operation; its request's completion comes with one of the next polls. */
    final void finish(Op op, int status) {
        if (!closed) {
            op.status = status;
            done.add(op);
        }
    }

    /** Whether the layer was closed: then what comes back from below is of no interest. */
    final boolean closed() {
        return closed;
    }

    /** Why nothing more can be done; null as long as something can. By default, that a device below is gone. */
    @Nullable
    DeviceException failure() {
        for (int i = 0; i < below.size(); i++) {
            if (below.get(i).gone() != null) {
                return below.get(i).gone();
            }
        }
        return null;
    }

    /** What is to be done in each poll, after the devices below were polled and before completions are called. */
    void work() {}

    /** Whether {@link #work} has something to do at once. */
    boolean hasWork() {
        return false;
    }

    /** Called at the start of {@link #close}, while everything still works. */
    void beforeClose() {}

    /** Releases what the subclass holds: nothing below touches it any more, and all requests have been completed. */
    void release() {}

    @Override
    public final BlockDeviceInfo info() {
        return info;
    }

    @Override
    public final WaitSource source() {
        return source;
    }

    @Override
    public final boolean submit(BlockRequest request) {
        if (closed) {
            throw new DeviceException(info.name() + " is closed.", null, null);
        }
        DeviceException failure = failure();
        if (failure != null) {
            throw failure;
        }
        info.check(request);
        Op op = free.poll();
        if (op == null) {
            return false;
        }
        op.request = request;
        op.start();
        return true;
    }

    @Override
    public final int poll(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit " + limit + " is not 1 or more.");
        }
        if (closed) {
            return 0;
        }
        for (int i = 0; i < below.size(); i++) {
            below.get(i).poll(limit);
        }
        work();
        int count = 0;
        while (count < limit && !done.isEmpty()) {
            Op op = done.removeFirst();
            BlockRequest request = op.request();
            op.request = null;
            free.push(op);
            counters.completed(request, op.status);
            request.complete(op.status);
            count++;
        }
        return count;
    }

    @Override
    public final boolean arm() {
        if (closed) {
            return false;
        }
        boolean more = !done.isEmpty() || hasWork();
        for (int i = 0; i < below.size(); i++) {
            more |= below.get(i).arm();
        }
        return more;
    }

    @Override
    public long nextDeadlineNs() {
        long deadlineNs = Duty.NO_DEADLINE;
        for (int i = 0; i < below.size() && !closed; i++) {
            deadlineNs = earlier(deadlineNs, below.get(i).device().nextDeadlineNs());
        }
        return deadlineNs;
    }

    /** The earlier of two times, either of which may be {@link Duty#NO_DEADLINE}. */
    static long earlier(long aNs, long bNs) {
        if (aNs == Duty.NO_DEADLINE) {
            return bNs;
        }
        return bNs == Duty.NO_DEADLINE || aNs - bNs <= 0 ? aNs : bNs;
    }

    /** One line on the layer itself. */
    abstract String line();

    @Override
    public String describe() {
        StringBuilder text = new StringBuilder(info.name()).append(": ").append(line());
        for (Below each : below) {
            String lower = each.device().describe();
            String shown = lower.isEmpty() ? each.device().info().name() : lower;
            text.append("\n  ").append(shown.replace("\n", "\n  "));
        }
        return text.toString();
    }

    @Override
    public final void close() {
        if (closed) {
            return;
        }
        beforeClose();
        closed = true;
        below.forEach(Below::close);
        // A completion may have called this, out of a poll that has more of them to call.
        done.clear();
        for (Op op : ops) {
            BlockRequest request = op.request;
            if (request != null) {
                op.request = null;
                counters.completed(request, BlockRequest.CLOSED);
                request.complete(BlockRequest.CLOSED);
            }
        }
        release();
    }
}
