package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A disk that begins as a copy of another, the base, and keeps what is written to it on a third, the delta. The base is never written; a
 * delta that is thrown away is a rollback, and one base can have many.
 *
 * <p>Its sector is the block of copying: 4096 bytes, or the larger of the sectors below. A write never overwrites: it goes to a free
 * block of the delta, so there must be room for what is written between two flushes besides what has been written at all. If there is
 * none, writes fail, and everything that was accepted stays. A discard does nothing.
 *
 * <p>Memory: about 90 bytes for each block of the delta, of which 17 are a table on the delta itself.
 *
 * <p>Crash consistency: what was flushed is there. A block that was written since holds what it held at the last flush or what a later write
 * gave it, as a whole, even if a sector below is smaller. Opening writes nothing.
 *
 * <p>Thread rule: loop-owned. It owns base and delta and closes them.
 */
public final class Snapshot extends Layer {
    private static final int DEPTH = 64;

    /** How many blocks are written together. */
    private static final int RUN = 32;

    private static final int TABLE_RUN_BYTES = 128 << 10;

    private final Below base;
    private final Below delta;
    private final SnapshotLayout layout;
    private final SnapshotMap map;
    private final Memory memory;
    private final ByteBuf table;
    private final ByteBuf zeros;
    private final Commit commit = new Commit();
    private final ArrayDeque<Copy> flushes = new ArrayDeque<>();
    private final ArrayDeque<Copy> stalled = new ArrayDeque<>();
    private final Counter full;
    private int writing;

    private Snapshot(
            DeviceContext context,
            BlockDeviceInfo info,
            List<Below> below,
            SnapshotLayout layout,
            SnapshotMap map,
            Memory memory,
            ByteBuf table) {
        super(info, context.counters(), below);
        base = below.get(0);
        delta = below.get(1);
        this.layout = layout;
        this.map = map;
        this.memory = memory;
        this.table = table;
        zeros = memory.buffer(RUN * layout.blockBytes());
        Counters own = context.counters().with("device", info.name());
        full = own.counter("uk_blk_snapshot_full_total", "Writes that failed since the delta had no room.");
        own.gauge(
                "uk_blk_snapshot_used_bytes",
                "Bytes of the delta that hold blocks.",
                () -> (long) map.taken() * layout.blockBytes());
        own.gauge(
                "uk_blk_snapshot_size_bytes",
                "Bytes of the delta for blocks.",
                () -> (long) layout.dataBlocks() * layout.blockBytes());
        fill(Copy::new);
    }

    /**
     * Makes a device the delta of a base: an empty one, after which the snapshot is as the base. Waits until it is done.
     *
     * @param context gives platform and counters
     * @param base only read; open afterwards, as the delta is
     * @param delta loses what is on it
     * @param overwrite whether anything may be on it; else its first block must be blank
     * @throws DiskException if the sizes do not fit, something is on the delta, or a device fails
     */
    public static void format(DeviceContext context, BlockDevice base, BlockDevice delta, boolean overwrite) {
        SnapshotLayout layout = SnapshotLayout.of(base.info(), delta.info());
        Disk from = Disk.polled(context.platform(), base);
        Disk to = Disk.polled(context.platform(), delta);
        try (Memory memory = new Memory(context.platform().pages())) {
            ByteBuf block = memory.buffer(layout.blockBytes());
            if (!overwrite) {
                to.read(0, block, 0, layout.blockBytes());
                requireBlank(block, delta.info().name());
            }
            int sample = layout.sample(from, block);
            // The old superblock first, so that what is in between is never taken for a snapshot.
            to.writeZeroes(0, layout.blockBytes());
            to.flush();
            to.writeZeroes(layout.tableOffset(), layout.tableBytes());
            to.flush();
            layout.put(block, sample);
            to.write(0, block, 0, layout.blockBytes());
            to.flush();
        } finally {
            from.detach();
            to.detach();
        }
    }

    private static void requireBlank(ByteBuf block, String name) {
        for (int i = 0; i < block.capacity(); i++) {
            if (block.getByte(i) != 0) {
                throw new DiskException(
                        name + " is not blank.",
                        "A delta's first block is zeros before it is formatted, unless overwriting was asked for.",
                        "another device, or format with overwrite = true, if what is on it is of no use");
            }
        }
    }

    /**
     * Opens a snapshot. Waits until the table was read.
     *
     * @param context gives platform and counters
     * @param base as it was when the delta was formatted; not used by anyone else from now on
     * @param delta made by {@link #format}; not used by anyone else from now on
     * @throws DiskException if there is no snapshot on the delta, it is one of another base, or is damaged; the devices stay with the caller
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left; the devices stay with the caller
     */
    public static Snapshot open(DeviceContext context, BlockDevice base, BlockDevice delta) {
        SnapshotLayout layout = SnapshotLayout.of(base.info(), delta.info());
        Memory memory = new Memory(context.platform().pages());
        Disk from = Disk.polled(context.platform(), base);
        Disk to = Disk.polled(context.platform(), delta);
        try {
            ByteBuf block = memory.buffer(layout.blockBytes());
            int sample = layout.sample(from, block);
            to.read(0, block, 0, layout.blockBytes());
            layout.check(block, sample, base.info().name(), delta.info().name());
            ByteBuf table = memory.buffer(layout.tableBytes());
            for (int at = 0; at < layout.tableBytes(); at += layout.blockBytes()) {
                to.read(layout.tableOffset() + at, table, at, layout.blockBytes());
            }
            SnapshotMap map = new SnapshotMap(table, layout.dataBlocks());
            map.load(delta.info().name(), layout.baseBlocks());
            BlockDeviceInfo info = new BlockDeviceInfo(
                    base.info().name() + "+snapshot",
                    layout.blockBytes(),
                    layout.baseBlocks(),
                    delta.info().readOnly(),
                    Math.min(
                            FRAGMENT_LIMIT,
                            Math.min(base.info().maxFragments(), delta.info().maxFragments())),
                    DEPTH,
                    false);
            return new Snapshot(context, info, List.of(new Below(base), new Below(delta)), layout, map, memory, table);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        } finally {
            from.detach();
            to.detach();
        }
    }

    private final class Copy extends Op {
        private final BlockRequest part = new BlockRequest(info().maxFragments(), (_, status) -> ended(status));
        private long position;
        private int first;
        private int count;

        @Override
        void start() {
            position = 0;
            switch (request().operation()) {
                case FLUSH -> flushes.add(this);
                case DISCARD -> finish(this, BlockRequest.OK);
                case READ, WRITE, WRITE_ZEROES -> advance();
            }
        }

        private long block() {
            return (request().offsetBytes() + position) / layout.blockBytes();
        }

        /** How many blocks are left to do. */
        private int left() {
            return (int) Math.min(RUN, (request().lengthBytes() - position) / layout.blockBytes());
        }

        void advance() {
            if (position == request().lengthBytes()) {
                finish(this, BlockRequest.OK);
            } else if (request().operation() == Operation.READ) {
                read();
            } else {
                write();
            }
        }

        /** Reads as many blocks as lie behind each other. */
        private void read() {
            long block = block();
            int limit = left();
            first = map.find(block);
            count = 1;
            while (count < limit && map.find(block + count) == (first == SnapshotMap.NONE ? first : first + count)) {
                count++;
            }
            if (first == SnapshotMap.NONE) {
                transfer(Operation.READ, base, block * layout.blockBytes());
            } else {
                for (int i = 0; i < count; i++) {
                    map.pin(first + i);
                }
                transfer(Operation.READ, delta, layout.dataOffset(first));
            }
        }

        private void write() {
            int limit = left();
            first = map.take();
            if (first == SnapshotMap.NONE) {
                // What was replaced since the last commit is free after the next one.
                stalled.add(this);
                return;
            }
            count = 1;
            while (count < limit && map.takeNext(first + count - 1)) {
                count++;
            }
            writing++;
            transfer(Operation.WRITE, delta, layout.dataOffset(first));
        }

        private void transfer(Operation operation, Below device, long offset) {
            int length = count * layout.blockBytes();
            part.transfer(operation, offset);
            if (request().operation() == Operation.WRITE_ZEROES) {
                part.add(zeros, 0, length);
            } else {
                Fragments.add(request(), position, length, part);
            }
            device.submit(part);
        }

        private void ended(int status) {
            if (closed()) {
                return;
            }
            boolean read = request().operation() == Operation.READ;
            writing -= read ? 0 : 1;
            for (int i = 0; i < count; i++) {
                if (!read && status == BlockRequest.OK) {
                    map.written(block() + i, first + i);
                } else if (!read) {
                    map.giveBack(first + i);
                } else if (first != SnapshotMap.NONE) {
                    map.unpin(first + i);
                }
            }
            if (status == BlockRequest.OK) {
                position += (long) count * layout.blockBytes();
                advance();
            } else {
                finish(this, BlockRequest.IO_ERROR);
            }
        }
    }

    /** How far a commit is. */
    private enum Step {
        NONE,
        /** Nothing was written since the last one. */
        NOTHING_NEW,
        DATA,
        TABLE,
        LAST
    }

    /** Makes durable what was written: the data, then the table that leads to it. One at a time. */
    private final class Commit {
        private final BlockRequest request = new BlockRequest(1, (_, status) -> ended(status));
        private final ArrayDeque<Copy> members = new ArrayDeque<>();
        private Step step = Step.NONE;
        private int piece;

        boolean isRunning() {
            return step != Step.NONE;
        }

        void begin() {
            step = map.hasUncommitted() ? Step.DATA : Step.NOTHING_NEW;
            members.addAll(flushes);
            flushes.clear();
            piece = 0;
            map.beginCommit();
            delta.submit(request.flush());
        }

        private void ended(int status) {
            if (closed()) {
                return;
            }
            if (status != BlockRequest.OK) {
                end(BlockRequest.IO_ERROR);
                return;
            }
            switch (step) {
                case DATA, TABLE -> {
                    step = Step.TABLE;
                    if (!writePieces()) {
                        step = Step.LAST;
                        delta.submit(request.flush());
                    }
                }
                case LAST -> {
                    map.endCommit();
                    end(BlockRequest.OK);
                }
                case NOTHING_NEW -> end(BlockRequest.OK);
                case NONE -> throw new IllegalStateException();
            }
        }

        /** Writes the next run of pieces that changed, in whole sectors; false if there is none. */
        private boolean writePieces() {
            int perSector = Math.max(1, delta.device().info().sectorBytes() / SnapshotMap.PIECE_BYTES);
            int start = piece;
            while (start < map.pieces() && !isChanged(start, perSector)) {
                start += perSector;
            }
            int end = start;
            while (end < map.pieces()
                    && isChanged(end, perSector)
                    && (end - start) * SnapshotMap.PIECE_BYTES < TABLE_RUN_BYTES) {
                end += perSector;
            }
            piece = end;
            if (start == end) {
                return false;
            }
            int at = start * SnapshotMap.PIECE_BYTES;
            delta.submit(request.transfer(Operation.WRITE, layout.tableOffset() + at)
                    .add(table, at, (end - start) * SnapshotMap.PIECE_BYTES));
            return true;
        }

        private boolean isChanged(int from, int count) {
            for (int i = from; i < Math.min(from + count, map.pieces()); i++) {
                if (map.isChanged(i)) {
                    return true;
                }
            }
            return false;
        }

        private void end(int status) {
            step = Step.NONE;
            while (!members.isEmpty()) {
                finish(members.removeFirst(), status);
            }
            for (int i = stalled.size(); i > 0; i--) {
                Copy copy = stalled.removeFirst();
                if (status == BlockRequest.OK) {
                    copy.advance();
                } else {
                    finish(copy, BlockRequest.IO_ERROR);
                }
            }
        }
    }

    @Override
    void work() {
        if (!commit.isRunning() && (!flushes.isEmpty() || (!stalled.isEmpty() && map.hasUncommitted()))) {
            commit.begin();
        } else if (!commit.isRunning() && writing == 0) {
            // Nothing can be freed, and nobody is under way who might bring something.
            while (!stalled.isEmpty()) {
                full.increment();
                finish(stalled.removeFirst(), BlockRequest.IO_ERROR);
            }
        }
    }

    @Override
    boolean hasWork() {
        return !commit.isRunning() && (!flushes.isEmpty() || (!stalled.isEmpty() && writing == 0));
    }

    @Override
    void release() {
        memory.close();
    }

    @Override
    String line() {
        return "copy-on-write snapshot, " + map.taken() + " of " + layout.dataBlocks() + " blocks of "
                + layout.blockBytes() + " bytes used";
    }
}
