package io.uk4j.blk;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue in front of a device: takes more requests than the device has room for, merges adjacent ones, tries again what failed, and
 * measures how long everything takes.
 *
 * <ul>
 *   <li><b>Order.</b> Requests are given to the device first come, first served, at {@link #poll}, so that those that were submitted
 *       together can be merged. As at any device, requests that are under way together are in no order.
 *   <li><b>Flush.</b> A flush covers every write that was <em>submitted</em> before it, which is more than a device promises: it
 *       waits for them, and those submitted later do not wait for it. Flushes that become ready together are one.
 *   <li><b>Merging.</b> Reads, or writes, that follow each other on the disk become one request, as long as it has no more fragments
 *       than the device takes and no more bytes than {@link BlkKeys#QUEUE_MERGE}.
 *   <li><b>Retry.</b> What the device failed to do is tried again, {@link BlkKeys#QUEUE_RETRIES} times, after a pause that doubles;
 *       parts of a merged request each on its own. A flush is not tried again: the device may have forgotten what it
 *       could not write, and would then report a success that is none.
 *   <li><b>Time-out.</b> A request that the device has not been given {@link BlkKeys#QUEUE_TIMEOUT} after its submission fails. One
 *       that the device has cannot be taken back, since the device may still write to its buffers: it is counted as overdue
 *       and ends when the device ends it, by its own time-out or by being closed.
 * </ul>
 *
 * <p>Crash consistency: that of the device below.
 *
 * <p>Thread rule: loop-owned. It owns the device below and closes it.
 */
public final class RequestQueue extends Layer {
    private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);

    /** How many of those that wait are looked at for neighbours of one request. */
    private static final int MERGE_SCAN = 64;

    private static final double[] QUANTILES = {0.5, 0.9, 0.99, 0.999};

    private final Below below;
    private final Clock clock;
    private final long mergeBytes;
    private final long timeoutNs;
    private final int retries;
    private final long retryDelayNs;
    private final int fragmentLimit;

    private final Map<Operation, LatencyHistogram> latencies = new EnumMap<>(Operation.class);
    private final Counter merged;
    private final Counter retried;
    private final Counter expired;
    private final Counter overdue;

    private final List<Entry> waiting = new ArrayList<>();
    private final ArrayDeque<Entry> flushes = new ArrayDeque<>();
    private final ArrayDeque<Bundle> idle = new ArrayDeque<>();
    private final List<Bundle> bundles = new ArrayList<>();

    /** Writes that have not ended, in the order of submission. */
    private @Nullable Entry firstWrite;

    private @Nullable Entry lastWrite;
    private long sequence;

    /** A request that was submitted. */
    private final class Entry extends Op {
        private long number;
        private long submittedNs;
        private long notBeforeNs;
        private int attempts;
        private @Nullable Entry before;
        private @Nullable Entry after;

        @Override
        void start() {
            number = sequence++;
            submittedNs = clock.nowNs();
            notBeforeNs = submittedNs;
            attempts = 0;
            if (request().operation() == Operation.FLUSH) {
                flushes.add(this);
                return;
            }
            if (request().operation() != Operation.READ) {
                linkWrite(this);
            }
            waiting.add(this);
        }

        private long endBytes() {
            return request().offsetBytes() + request().lengthBytes();
        }

        private void end(int status) {
            if (request().operation() != Operation.READ && request().operation() != Operation.FLUSH) {
                unlinkWrite(this);
            }
            latency(request().operation()).record(clock.nowNs() - submittedNs);
            finish(this, status);
        }
    }

    /** A request to the device for one or several that were submitted. */
    private final class Bundle {
        private final BlockRequest request;
        private final ArrayDeque<Entry> members = new ArrayDeque<>();
        private int fragments;
        private long bytes;
        private long startedNs;
        private boolean reportedOverdue;

        Bundle() {
            request = new BlockRequest(fragmentLimit, (_, status) -> ended(this, status));
        }

        private boolean takes(Entry entry) {
            return entry.request().operation() == members.getFirst().request().operation()
                    && fragments + entry.request().fragments() <= fragmentLimit
                    && bytes + entry.request().lengthBytes() <= mergeBytes
                    && (entry.request().offsetBytes() == members.getLast().endBytes()
                            || entry.endBytes() == members.getFirst().request().offsetBytes());
        }

        private void take(Entry entry) {
            fragments += entry.request().fragments();
            bytes += entry.request().lengthBytes();
            if (members.isEmpty()
                    || entry.request().offsetBytes() == members.getLast().endBytes()) {
                members.addLast(entry);
            } else {
                members.addFirst(entry);
            }
        }

        private void give(long nowNs) {
            startedNs = nowNs;
            reportedOverdue = false;
            BlockRequest first = members.getFirst().request();
            switch (first.operation()) {
                case FLUSH -> request.flush();
                case DISCARD, WRITE_ZEROES ->
                    request.range(first.operation(), first.offsetBytes(), first.lengthBytes());
                case READ, WRITE -> {
                    request.transfer(first.operation(), first.offsetBytes());
                    // Once round, without an iterator.
                    for (int i = members.size(); i > 0; i--) {
                        Entry member = members.removeFirst();
                        Fragments.add(member.request(), 0, member.request().lengthBytes(), request);
                        members.addLast(member);
                    }
                }
            }
            below.submit(request);
        }

        private void clear() {
            members.clear();
            fragments = 0;
            bytes = 0;
            idle.push(this);
        }
    }

    private RequestQueue(DeviceContext context, BlockDeviceInfo info, Below below) {
        super(info, context.counters(), List.of(below));
        this.below = below;
        clock = context.platform().clock();
        mergeBytes = context.config().get(BlkKeys.QUEUE_MERGE);
        timeoutNs = context.config().get(BlkKeys.QUEUE_TIMEOUT).toNanos();
        retries = context.config().get(BlkKeys.QUEUE_RETRIES);
        retryDelayNs = context.config().get(BlkKeys.QUEUE_RETRY_DELAY).toNanos();
        fragmentLimit = info.maxFragments();
        Counters own = context.counters().with("device", info.name());
        merged = own.counter("uk_blk_merged_total", "Requests that went to the device as part of another.");
        retried = own.counter("uk_blk_retries_total", "Requests that were tried again.");
        expired =
                own.counter("uk_blk_expired_total", "Requests whose time was up before the device had room for them.");
        overdue = own.counter("uk_blk_overdue_total", "Requests that a device had for longer than the time-out.");
        own.gauge("uk_blk_waiting", "Requests that wait for the device.", waiting::size);
        for (Operation operation : Operation.values()) {
            LatencyHistogram latency = new LatencyHistogram();
            latencies.put(operation, latency);
            for (double quantile : QUANTILES) {
                own.with("operation", operation.name().toLowerCase(Locale.ROOT))
                        .with("quantile", Double.toString(quantile))
                        .gauge(
                                "uk_blk_latency_ns",
                                "Nanoseconds from submission to completion.",
                                () -> latency.quantileNs(quantile));
            }
        }
        for (int i = 0; i < below.device().info().queueDepth(); i++) {
            Bundle bundle = new Bundle();
            bundles.add(bundle);
            idle.add(bundle);
        }
        fill(Entry::new);
    }

    /**
     * Puts a queue over a device.
     *
     * @param context gives clock, counters and the {@link BlkKeys}
     * @param device not used by anyone else from now on
     */
    public static RequestQueue over(DeviceContext context, BlockDevice device) {
        BlockDeviceInfo lower = device.info();
        BlockDeviceInfo info = new BlockDeviceInfo(
                lower.name() + "+queue",
                lower.sectorBytes(),
                lower.sectors(),
                lower.readOnly(),
                Math.min(lower.maxFragments(), FRAGMENT_LIMIT),
                context.config().get(BlkKeys.QUEUE_DEPTH),
                lower.discard());
        return new RequestQueue(context, info, new Below(device));
    }

    /** How long requests of a kind took, from submission to their end, well or not. */
    public LatencyHistogram latency(Operation operation) {
        return Objects.requireNonNull(latencies.get(operation));
    }

    private void linkWrite(Entry entry) {
        entry.before = lastWrite;
        entry.after = null;
        if (lastWrite == null) {
            firstWrite = entry;
        } else {
            lastWrite.after = entry;
        }
        lastWrite = entry;
    }

    private void unlinkWrite(Entry entry) {
        if (entry.before == null) {
            firstWrite = entry.after;
        } else {
            entry.before.after = entry.after;
        }
        if (entry.after == null) {
            lastWrite = entry.before;
        } else {
            entry.after.before = entry.before;
        }
    }

    @Override
    void work() {
        if (below.gone() != null) {
            failAll();
            return;
        }
        if (waiting.isEmpty() && flushes.isEmpty() && idle.size() == bundles.size()) {
            return;
        }
        long nowNs = clock.nowNs();
        watch(nowNs);
        giveFlush(nowNs);
        for (int i = 0; i < waiting.size() && !idle.isEmpty(); ) {
            Entry entry = waiting.get(i);
            if (entry.notBeforeNs - nowNs > 0) {
                i++;
                continue;
            }
            waiting.remove(i);
            Bundle bundle = idle.pop();
            bundle.take(entry);
            if (entry.attempts == 0) {
                merge(bundle, i);
            }
            bundle.give(nowNs);
        }
    }

    @Override
    boolean hasWork() {
        if (hasFlush()) {
            return true;
        }
        if (waiting.isEmpty() || idle.isEmpty()) {
            return false;
        }
        long nowNs = clock.nowNs();
        for (int i = 0; i < waiting.size(); i++) {
            if (waiting.get(i).notBeforeNs - nowNs <= 0) {
                return true;
            }
        }
        return false;
    }

    private void failAll() {
        for (Entry entry : waiting) {
            entry.end(BlockRequest.IO_ERROR);
        }
        waiting.clear();
        while (!flushes.isEmpty()) {
            flushes.removeFirst().end(BlockRequest.IO_ERROR);
        }
    }

    private boolean hasFlush() {
        Entry flush = flushes.peekFirst();
        Entry write = firstWrite;
        return flush != null && !idle.isEmpty() && (write == null || write.number > flush.number);
    }

    private void giveFlush(long nowNs) {
        if (!hasFlush()) {
            return;
        }
        Bundle bundle = idle.pop();
        Entry write = firstWrite;
        while (!flushes.isEmpty() && (write == null || write.number > flushes.getFirst().number)) {
            bundle.take(flushes.removeFirst());
        }
        bundle.give(nowNs);
    }

    /** Takes neighbours out of those that wait; each may have neighbours in turn, on either side. */
    private void merge(Bundle bundle, int from) {
        Operation operation = bundle.members.getFirst().request().operation();
        if (operation != Operation.READ && operation != Operation.WRITE) {
            return;
        }
        int i = from;
        int end = Math.min(waiting.size(), from + MERGE_SCAN);
        while (i < end) {
            Entry entry = waiting.get(i);
            if (entry.attempts == 0 && bundle.takes(entry)) {
                waiting.remove(i);
                bundle.take(entry);
                merged.increment();
                i = from;
                end = Math.min(waiting.size(), from + MERGE_SCAN);
            } else {
                i++;
            }
        }
    }

    private void ended(Bundle bundle, int status) {
        if (closed()) {
            return;
        }
        boolean alone = bundle.members.size() == 1;
        while (!bundle.members.isEmpty()) {
            Entry entry = bundle.members.removeFirst();
            if (status == BlockRequest.OK) {
                entry.end(BlockRequest.OK);
            } else if (below.gone() != null
                    || entry.request().operation() == Operation.FLUSH
                    || entry.attempts >= retries) {
                entry.end(BlockRequest.IO_ERROR);
            } else {
                // Parts of a merged request are tried again at once: most of them have nothing wrong with them.
                long delayNs = alone ? retryDelayNs << Math.min(entry.attempts, 16) : 0;
                entry.attempts++;
                entry.notBeforeNs = clock.nowNs() + delayNs;
                retried.increment();
                waiting.add(entry);
            }
        }
        bundle.clear();
    }

    /** Ends those whose time is up, and speaks of what the device has had for too long. */
    private void watch(long nowNs) {
        for (int i = waiting.size() - 1; i >= 0; i--) {
            Entry entry = waiting.get(i);
            if (nowNs - entry.submittedNs - timeoutNs >= 0) {
                waiting.remove(i);
                expired.increment();
                entry.end(BlockRequest.IO_ERROR);
            }
        }
        while (!flushes.isEmpty() && nowNs - flushes.getFirst().submittedNs - timeoutNs >= 0) {
            expired.increment();
            flushes.removeFirst().end(BlockRequest.IO_ERROR);
        }
        for (int i = 0; i < bundles.size(); i++) {
            Bundle bundle = bundles.get(i);
            if (!bundle.members.isEmpty() && !bundle.reportedOverdue && nowNs - bundle.startedNs - timeoutNs >= 0) {
                bundle.reportedOverdue = true;
                overdue.increment();
                LOG.warn(
                        "{} has had a {} for over {} ms",
                        below.device().info().name(),
                        bundle.members.getFirst().request().operation(),
                        timeoutNs / 1_000_000);
            }
        }
    }

    @Override
    public long nextDeadlineNs() {
        long deadlineNs = super.nextDeadlineNs();
        for (int i = 0; i < waiting.size(); i++) {
            Entry entry = waiting.get(i);
            deadlineNs = earlier(deadlineNs, entry.submittedNs + timeoutNs);
            if (!idle.isEmpty()) {
                deadlineNs = earlier(deadlineNs, entry.notBeforeNs);
            }
        }
        if (!flushes.isEmpty()) {
            deadlineNs = earlier(deadlineNs, flushes.getFirst().submittedNs + timeoutNs);
        }
        for (int i = 0; i < bundles.size(); i++) {
            Bundle bundle = bundles.get(i);
            if (!bundle.members.isEmpty() && !bundle.reportedOverdue) {
                deadlineNs = earlier(deadlineNs, bundle.startedNs + timeoutNs);
            }
        }
        return deadlineNs;
    }

    @Override
    void release() {
        waiting.clear();
        flushes.clear();
        firstWrite = null;
        lastWrite = null;
        for (Bundle bundle : bundles) {
            bundle.members.clear();
        }
    }

    @Override
    String line() {
        return "queue of " + info().queueDepth() + ", merges up to " + mergeBytes + " bytes, " + retries
                + " retries, time-out " + timeoutNs / 1_000_000 + " ms";
    }
}
