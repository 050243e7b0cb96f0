package io.uk4j.blk;

import io.uk4j.blk.CacheSlots.State;
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
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of blocks that answers reads of what it holds, and takes writes before the disk has them.
 *
 * <ul>
 *   <li><b>Bounds.</b> It has {@link BlkKeys#CACHE_BYTES} of memory, in blocks of 4096 bytes (or the sector, if that is larger). At most
 *       {@link BlkKeys#CACHE_DIRTY} percent of them are newer than the disk: a write beyond that waits until others were written.
 *   <li><b>Write-back.</b> What has been newer than the disk for {@link BlkKeys#CACHE_AGE}, and the oldest of it when there is half as much
 *       as there may be, is written by itself, neighbours together.
 *   <li><b>Flush.</b> Everything that was written before is brought to the disk, and the disk is flushed.
 *   <li><b>Errors.</b> If the disk fails to take a block, the block stays newer than the disk and is tried again later; flushes that wait for
 *       it fail, and so does what waits for room: writes, and reads if so much is newer that nothing else is left to
 *       give up. Nothing that was accepted is forgotten before {@link #close}.
 *   <li><b>Close.</b> What was not flushed is lost. How much that is, is logged.
 * </ul>
 *
 * <p>Crash consistency: what was flushed is there. A sector that was written since holds what it held at the last flush or what any
 * later write gave it, in no order among sectors, as on the disk below; but for longer, since the cache keeps what it has.
 *
 * <p>Thread rule: loop-owned. It owns the device below and closes it.
 */
public final class WriteBackCache extends Layer {
    private static final Logger LOG = LoggerFactory.getLogger(WriteBackCache.class);
    private static final int BLOCK_BYTES = 4096;

    /** How many blocks are read or written together. */
    private static final int RUN = 32;

    /** How many runs are being written at a time. */
    private static final int WRITERS = 8;

    /** How long write-backs pause after one failed. */
    private static final long PAUSE_NS = 1_000_000_000L;

    private final Below below;
    private final Clock clock;
    private final int blockBytes;
    private final int run;
    private final long ageNs;
    private final int unwrittenLimit;
    private final CacheSlots slots;

    private final Counter hits;
    private final Counter misses;
    private final Counter writtenBack;
    private final Counter failures;

    private final ArrayDeque<Access> stalled = new ArrayDeque<>();
    private final ArrayDeque<Access> flushes = new ArrayDeque<>();
    private final ArrayDeque<Access> clears = new ArrayDeque<>();
    private final List<Writer> writers = new ArrayList<>();
    private int active;
    private boolean clearing;
    private boolean waitsForRoom;
    private boolean failureLogged;
    private long pausedUntilNs;

    private WriteBackCache(DeviceContext context, BlockDeviceInfo info, Below below) {
        super(info, context.counters(), List.of(below));
        this.below = below;
        clock = context.platform().clock();
        pausedUntilNs = clock.nowNs();
        blockBytes = Math.max(BLOCK_BYTES, info.sectorBytes());
        run = Math.min(RUN, below.device().info().maxFragments());
        ageNs = context.config().get(BlkKeys.CACHE_AGE).toNanos();
        slots = new CacheSlots(context.platform().pages(), context.config().get(BlkKeys.CACHE_BYTES), blockBytes);
        unwrittenLimit =
                Math.max(1, (int) ((long) slots.count() * context.config().get(BlkKeys.CACHE_DIRTY) / 100));
        Counters own = context.counters().with("device", info.name());
        hits = own.counter("uk_blk_cache_hits_total", "Blocks that a read or a write found in the cache.");
        misses = own.counter("uk_blk_cache_misses_total", "Blocks that had to be read from the disk.");
        writtenBack = own.counter("uk_blk_cache_written_back_total", "Blocks that were written to the disk.");
        failures = own.counter(
                "uk_blk_cache_failures_total", "Blocks that the disk failed to take; they are tried again.");
        own.gauge(
                "uk_blk_cache_held_bytes",
                "Bytes of blocks that the cache holds.",
                () -> (long) slots.held() * blockBytes);
        own.gauge(
                "uk_blk_cache_unwritten_bytes",
                "Bytes of blocks that are newer than the disk.",
                () -> (long) slots.unwritten() * blockBytes);
        for (int i = 0; i < WRITERS; i++) {
            writers.add(new Writer());
        }
        fill(Access::new);
    }

    /**
     * Puts a cache over a device.
     *
     * @param context gives clock, pages, counters and the {@link BlkKeys}
     * @param device not used by anyone else from now on
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left; the device stays with the caller
     */
    public static WriteBackCache over(DeviceContext context, BlockDevice device) {
        BlockDeviceInfo lower = device.info();
        BlockDeviceInfo info = new BlockDeviceInfo(
                lower.name() + "+cache",
                lower.sectorBytes(),
                lower.sectors(),
                lower.readOnly(),
                FRAGMENT_LIMIT,
                DEPTH_LIMIT,
                lower.discard());
        return new WriteBackCache(context, info, new Below(device));
    }

    /** Of the disk's last block there may be less than a whole one. */
    private int bytesOf(long block) {
        return (int) Math.min(blockBytes, info().capacityBytes() - block * blockBytes);
    }

    /** A request, block by block. */
    private final class Access extends Op {
        private final BlockRequest load = new BlockRequest(run, (_, status) -> loaded(status));
        private final BlockRequest passed = new BlockRequest(1, (_, status) -> passed(status));
        private final int[] loading = new int[run];
        private int loads;
        private long position;
        private long flushSequence;
        private boolean begun;
        private boolean needsRoom;

        @Override
        void start() {
            position = 0;
            begun = false;
            switch (request().operation()) {
                case FLUSH -> {
                    flushSequence = slots.sequence();
                    flushes.add(this);
                }
                case DISCARD, WRITE_ZEROES -> clears.add(this);
                case READ, WRITE -> advance();
            }
        }

        /** Goes on until it is done, or waits for something. */
        void advance() {
            if (!begun) {
                if (!clears.isEmpty()) {
                    stalled.add(this);
                    return;
                }
                begun = true;
                active++;
            }
            needsRoom = false;
            boolean write = request().operation() == Operation.WRITE;
            while (position < request().lengthBytes()) {
                long at = request().offsetBytes() + position;
                long block = at / blockBytes;
                int from = (int) (at % blockBytes);
                int count = (int) Math.min(bytesOf(block) - from, request().lengthBytes() - position);
                int slot = slots.find(block);
                if (slot == CacheSlots.NONE) {
                    if (!write || count < bytesOf(block)) {
                        load(block, write ? 1 : run);
                        return;
                    }
                    slot = roomForWrite() ? slots.take(block) : CacheSlots.NONE;
                    if (slot == CacheSlots.NONE) {
                        waitForRoom();
                        return;
                    }
                } else if (slots.state(slot) == State.LOADING || (write && slots.state(slot) == State.WRITING)) {
                    stalled.add(this);
                    return;
                } else if (write && slots.state(slot) == State.CLEAN && !roomForWrite()) {
                    waitForRoom();
                    return;
                } else {
                    hits.increment();
                }
                copy(write, slot, from, count);
                position += count;
            }
            end(BlockRequest.OK);
        }

        private void copy(boolean write, int slot, int from, int count) {
            slots.touch(slot);
            if (write) {
                Fragments.read(request(), position, count, slots.buffer(slot), slots.offset(slot) + from);
                slots.dirty(slot, clock.nowNs());
            } else {
                Fragments.write(request(), position, count, slots.buffer(slot), slots.offset(slot) + from);
            }
        }

        private boolean roomForWrite() {
            return slots.unwritten() < unwrittenLimit;
        }

        private void waitForRoom() {
            waitsForRoom = true;
            needsRoom = true;
            stalled.add(this);
        }

        /** Reads a block, and of those that follow and are asked for, too, as many as go together. */
        private void load(long block, int limit) {
            long end = (request().offsetBytes() + request().lengthBytes() + blockBytes - 1) / blockBytes;
            load.transfer(Operation.READ, block * blockBytes);
            loads = 0;
            for (long next = block; next < end && loads < limit && slots.find(next) == CacheSlots.NONE; next++) {
                int slot = slots.take(next);
                if (slot == CacheSlots.NONE) {
                    break;
                }
                loading[loads++] = slot;
                load.add(slots.buffer(slot), slots.offset(slot), bytesOf(next));
            }
            if (loads == 0) {
                waitForRoom();
                return;
            }
            misses.add(loads);
            below.submit(load);
        }

        private void loaded(int status) {
            if (closed()) {
                return;
            }
            for (int i = 0; i < loads; i++) {
                if (status == BlockRequest.OK) {
                    slots.clean(loading[i]);
                } else {
                    slots.drop(loading[i]);
                }
            }
            if (status == BlockRequest.OK) {
                advance();
            } else {
                end(BlockRequest.IO_ERROR);
            }
        }

        private void end(int status) {
            if (begun) {
                active--;
            }
            finish(this, status);
        }

        /** Hands a flush, a discard or a write of zeros to the device. */
        private void pass() {
            if (request().operation() == Operation.FLUSH) {
                passed.flush();
            } else {
                passed.range(
                        request().operation(),
                        request().offsetBytes(),
                        request().lengthBytes());
            }
            below.submit(passed);
        }

        private void passed(int status) {
            if (closed()) {
                return;
            }
            if (request().operation() != Operation.FLUSH) {
                clearing = false;
                clears.removeFirst();
                if (status == BlockRequest.OK) {
                    cleared();
                }
            }
            finish(this, status == BlockRequest.OK ? BlockRequest.OK : BlockRequest.IO_ERROR);
        }

        /** Brings the cache up to what the device has done to a range, of which it was given no other request meanwhile. */
        private void cleared() {
            long start = request().offsetBytes();
            long end = start + request().lengthBytes();
            long first = start / blockBytes;
            long last = (end - 1) / blockBytes;
            if (last - first < slots.count()) {
                for (long block = first; block <= last; block++) {
                    int slot = slots.find(block);
                    if (slot != CacheSlots.NONE) {
                        cleared(slot, start, end);
                    }
                }
            } else {
                for (int slot = 0; slot < slots.count(); slot++) {
                    if (slots.state(slot) != State.FREE && slots.block(slot) >= first && slots.block(slot) <= last) {
                        cleared(slot, start, end);
                    }
                }
            }
        }

        private void cleared(int slot, long start, long end) {
            long blockStart = slots.block(slot) * blockBytes;
            long blockEnd = blockStart + bytesOf(slots.block(slot));
            if (start <= blockStart && end >= blockEnd) {
                slots.drop(slot);
            } else if (request().operation() == Operation.WRITE_ZEROES) {
                int from = (int) (Math.max(start, blockStart) - blockStart);
                int to = (int) (Math.min(end, blockEnd) - blockStart);
                slots.buffer(slot).setZero(slots.offset(slot) + from, to - from);
            }
        }
    }

    /** A run of neighbours on their way to the disk. */
    private final class Writer {
        private final BlockRequest request = new BlockRequest(run, (_, status) -> written(status));
        private final int[] writing = new int[run];
        private int count;
        private long firstSequence;

        /** Takes a dirty slot and the dirty ones next to it. */
        void start(int slot) {
            long block = slots.block(slot);
            int ahead = 0;
            while (ahead + 1 < run && isDirty(block - 1)) {
                block--;
                ahead++;
            }
            request.transfer(Operation.WRITE, block * blockBytes);
            firstSequence = Long.MAX_VALUE;
            for (long next = block; count < run && isDirty(next); next++) {
                int found = slots.find(next);
                firstSequence = Math.min(firstSequence, slots.sequence(found));
                slots.writing(found);
                writing[count++] = found;
                request.add(slots.buffer(found), slots.offset(found), bytesOf(next));
            }
            below.submit(request);
        }

        private boolean isDirty(long block) {
            int slot = block < 0 ? CacheSlots.NONE : slots.find(block);
            return slot != CacheSlots.NONE && slots.state(slot) == State.DIRTY;
        }

        private void written(int status) {
            if (closed()) {
                return;
            }
            long nowNs = clock.nowNs();
            for (int i = 0; i < count; i++) {
                if (status == BlockRequest.OK) {
                    slots.clean(writing[i]);
                } else {
                    slots.dirty(writing[i], nowNs);
                }
            }
            if (status == BlockRequest.OK) {
                writtenBack.add(count);
            } else {
                failures.add(count);
                failed(firstSequence, nowNs);
            }
            count = 0;
        }
    }

    /** Fails whoever waits for blocks that the disk did not take. */
    private void failed(long sequence, long nowNs) {
        pausedUntilNs = nowNs + PAUSE_NS;
        if (!failureLogged) {
            failureLogged = true;
            LOG.warn(
                    "{} failed to write; what it did not take is kept and tried again, later failures are only counted",
                    below.device().info().name());
        }
        for (int i = flushes.size(); i > 0; i--) {
            Access flush = flushes.removeFirst();
            if (flush.flushSequence >= sequence) {
                finish(flush, BlockRequest.IO_ERROR);
            } else {
                flushes.addLast(flush);
            }
        }
        for (int i = stalled.size(); i > 0; i--) {
            Access access = stalled.removeFirst();
            if (access.begun && access.needsRoom) {
                access.end(BlockRequest.IO_ERROR);
            } else {
                stalled.addLast(access);
            }
        }
    }

    @Override
    void work() {
        retry();
        if (!clears.isEmpty() && !clearing && active == 0 && idleWriters() == WRITERS) {
            clearing = true;
            clears.getFirst().pass();
        }
        writeBack();
        passFlushes();
    }

    private void retry() {
        waitsForRoom = false;
        for (int i = stalled.size(); i > 0; i--) {
            stalled.removeFirst().advance();
        }
    }

    private int idleWriters() {
        int idle = 0;
        for (int i = 0; i < WRITERS; i++) {
            idle += writers.get(i).count == 0 ? 1 : 0;
        }
        return idle;
    }

    private void writeBack() {
        if (slots.firstDirty() == CacheSlots.NONE || clearing) {
            return;
        }
        long nowNs = clock.nowNs();
        for (int i = 0; i < WRITERS && wantsWriteBack(nowNs); i++) {
            if (writers.get(i).count == 0) {
                writers.get(i).start(slots.firstDirty());
            }
        }
    }

    private boolean wantsWriteBack(long nowNs) {
        int slot = slots.firstDirty();
        if (slot == CacheSlots.NONE) {
            return false;
        }
        Access flush = flushes.peekLast();
        if (flush != null && slots.sequence(slot) <= flush.flushSequence) {
            return true;
        }
        return nowNs - pausedUntilNs >= 0
                && (waitsForRoom
                        || slots.unwritten() > unwrittenLimit / 2
                        || nowNs - slots.dirtySinceNs(slot) - ageNs >= 0);
    }

    /** Hands on those flushes before which nothing is left to be written. */
    private void passFlushes() {
        long oldest = slots.firstDirty() == CacheSlots.NONE ? Long.MAX_VALUE : slots.sequence(slots.firstDirty());
        for (int i = 0; i < WRITERS; i++) {
            if (writers.get(i).count > 0) {
                oldest = Math.min(oldest, writers.get(i).firstSequence);
            }
        }
        while (!flushes.isEmpty() && flushes.getFirst().flushSequence < oldest) {
            flushes.removeFirst().pass();
        }
    }

    @Override
    boolean hasWork() {
        if (clearing) {
            return false;
        }
        return (!clears.isEmpty() && active == 0 && idleWriters() == WRITERS)
                || (idleWriters() > 0 && wantsWriteBack(clock.nowNs()))
                || (!flushes.isEmpty() && slots.firstDirty() == CacheSlots.NONE && idleWriters() == WRITERS);
    }

    @Override
    public long nextDeadlineNs() {
        long deadlineNs = super.nextDeadlineNs();
        int slot = closed() ? CacheSlots.NONE : slots.firstDirty();
        if (slot == CacheSlots.NONE || idleWriters() == 0 || clearing) {
            return deadlineNs;
        }
        long dueNs = slots.dirtySinceNs(slot) + ageNs;
        if (waitsForRoom || slots.unwritten() > unwrittenLimit / 2) {
            dueNs = clock.nowNs();
        }
        return earlier(deadlineNs, dueNs - pausedUntilNs > 0 ? dueNs : pausedUntilNs);
    }

    @Override
    void beforeClose() {
        if (slots.unwritten() > 0) {
            LOG.warn(
                    "{} is closed with {} bytes that were not flushed; they are lost",
                    info().name(),
                    (long) slots.unwritten() * blockBytes);
        }
    }

    @Override
    void release() {
        slots.close();
    }

    @Override
    String line() {
        return "write-back cache of " + (long) slots.count() * blockBytes + " bytes, up to "
                + (long) unwrittenLimit * blockBytes + " newer than the disk, for " + ageNs / 1_000_000 + " ms";
    }
}
