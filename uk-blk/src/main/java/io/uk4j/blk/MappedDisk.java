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
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk whose blocks lie where a {@link BlockMap} says. A write never overwrites: it goes to a free place, and a flush makes durable first
 * the data, then the table. What was never written is as on a base, or zeros where there is none.
 */
abstract class MappedDisk extends Layer {
    private static final Logger LOG = LoggerFactory.getLogger(MappedDisk.class);
    private static final int DEPTH = 64;

    /** How many blocks are written together. */
    private static final int RUN = 32;

    private static final int TABLE_RUN_BYTES = 128 << 10;

    private final @Nullable Below base;
    private final Below device;
    private final Stored stored;
    private final MapLayout layout;
    private final BlockMap map;
    private final ByteBuf zeros;
    private final CRC32C crc = new CRC32C();
    private final Commit commit = new Commit();
    private final ArrayDeque<Copy> flushes = new ArrayDeque<>();
    private final ArrayDeque<Copy> stalled = new ArrayDeque<>();
    private final Counter full;
    private final Counter wrong;
    private int writing;
    private boolean wrongLogged;

    /** What was found on a device. */
    record Stored(MapLayout layout, BlockMap map, ByteBuf table, ByteBuf zeros, Memory memory) {}

    MappedDisk(DeviceContext context, String suffix, @Nullable BlockDevice base, BlockDevice device, Stored stored) {
        this(context, suffix, base == null ? null : new Below(base), new Below(device), stored);
    }

    private MappedDisk(DeviceContext context, String suffix, @Nullable Below base, Below device, Stored stored) {
        super(
                infoOf(suffix, base, device, stored.layout),
                context.counters(),
                base == null ? List.of(device) : List.of(base, device));
        this.base = base;
        this.device = device;
        this.stored = stored;
        layout = stored.layout;
        map = stored.map;
        zeros = stored.zeros;
        Counters own = context.counters().with("device", info().name());
        full = own.counter("uk_blk_map_full_total", "Writes that failed since there was no room.");
        wrong = own.counter("uk_blk_checksum_errors_total", "Blocks read that were not as they had been written.");
        own.gauge(
                "uk_blk_map_used_bytes",
                "Bytes of the places that hold blocks.",
                () -> (long) map.taken() * layout.blockBytes());
        own.gauge("uk_blk_map_size_bytes", "Bytes of all places.", () -> (long) layout.places() * layout.blockBytes());
        fill(Copy::new);
    }

    private static BlockDeviceInfo infoOf(String suffix, @Nullable Below base, Below device, MapLayout layout) {
        BlockDeviceInfo lower = device.device().info();
        BlockDeviceInfo named = base == null ? lower : base.device().info();
        return new BlockDeviceInfo(
                named.name() + suffix,
                layout.blockBytes(),
                layout.diskBlocks(),
                lower.readOnly(),
                Math.min(FRAGMENT_LIMIT, Math.min(named.maxFragments(), lower.maxFragments())),
                DEPTH,
                false);
    }

    /** Writes an empty map. The devices are open afterwards. */
    static void format(
            DeviceContext context,
            MapLayout layout,
            @Nullable BlockDevice base,
            BlockDevice device,
            boolean overwrite) {
        Disk disk = Disk.polled(context.platform(), device);
        try (Memory memory = new Memory(context.platform().pages())) {
            ByteBuf block = memory.buffer(layout.blockBytes());
            if (!overwrite) {
                disk.read(0, block, 0, layout.blockBytes());
                requireBlank(block, device.info().name());
            }
            int sample = sample(context, layout, base, block);
            // The old superblock first, so that what is in between is never taken for a map.
            disk.writeZeroes(0, layout.blockBytes());
            disk.flush();
            disk.writeZeroes(layout.tableOffset(), layout.tableBytes());
            disk.flush();
            layout.put(block, sample);
            disk.write(0, block, 0, layout.blockBytes());
            disk.flush();
        } finally {
            disk.detach();
        }
    }

    private static int sample(DeviceContext context, MapLayout layout, @Nullable BlockDevice base, ByteBuf block) {
        if (base == null) {
            return 0;
        }
        Disk disk = Disk.polled(context.platform(), base);
        try {
            return layout.sample(disk, block);
        } finally {
            disk.detach();
        }
    }

    private static void requireBlank(ByteBuf block, String name) {
        for (int i = 0; i < block.capacity(); i++) {
            if (block.getByte(i) != 0) {
                throw new DiskException(
                        name + " is not blank.",
                        "The first block is zeros before it is formatted, unless overwriting was asked for.",
                        "another device, or format with overwrite = true, if what is on it is of no use");
            }
        }
    }

    /** Reads a map. The devices are open afterwards. */
    static Stored load(DeviceContext context, MapLayout layout, @Nullable BlockDevice base, BlockDevice device) {
        Memory memory = new Memory(context.platform().pages());
        Disk disk = Disk.polled(context.platform(), device);
        try {
            String name = device.info().name();
            ByteBuf block = memory.buffer(layout.blockBytes());
            int sample = sample(context, layout, base, block);
            disk.read(0, block, 0, layout.blockBytes());
            layout.check(block, sample, base == null ? "" : base.info().name(), name);
            ByteBuf table = memory.buffer(layout.tableBytes());
            for (int at = 0; at < layout.tableBytes(); at += layout.blockBytes()) {
                disk.read(layout.tableOffset() + at, table, at, layout.blockBytes());
            }
            BlockMap map = new BlockMap(table, layout.places());
            map.load(name, layout.diskBlocks());
            return new Stored(layout, map, table, memory.buffer(RUN * layout.blockBytes()), memory);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        } finally {
            disk.detach();
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
            boolean goesOn = true;
            while (goesOn) {
                if (position == request().lengthBytes()) {
                    finish(this, BlockRequest.OK);
                    return;
                }
                if (request().operation() == Operation.READ) {
                    goesOn = read();
                } else {
                    write();
                    goesOn = false;
                }
            }
        }

        /** Reads as many blocks as lie behind each other; true if that is done already. */
        private boolean read() {
            long block = block();
            int limit = left();
            first = map.find(block);
            count = 1;
            while (count < limit && map.find(block + count) == (first == BlockMap.NONE ? first : first + count)) {
                count++;
            }
            if (first != BlockMap.NONE) {
                for (int i = 0; i < count; i++) {
                    map.pin(first + i);
                }
                transfer(Operation.READ, device, layout.placeOffset(first));
                return false;
            }
            if (base != null) {
                transfer(Operation.READ, base, block * layout.blockBytes());
                return false;
            }
            Fragments.write(request(), position, count * layout.blockBytes(), zeros, 0);
            position += (long) count * layout.blockBytes();
            return true;
        }

        private void write() {
            int limit = left();
            first = map.take();
            if (first == BlockMap.NONE) {
                // What was replaced since the last commit is free after the next one.
                stalled.add(this);
                return;
            }
            count = 1;
            while (count < limit && map.takeNext(first + count - 1)) {
                count++;
            }
            writing++;
            transfer(Operation.WRITE, device, layout.placeOffset(first));
        }

        private void transfer(Operation operation, Below to, long offset) {
            int length = count * layout.blockBytes();
            part.transfer(operation, offset);
            if (request().operation() == Operation.WRITE_ZEROES) {
                part.add(zeros, 0, length);
            } else {
                Fragments.add(request(), position, length, part);
            }
            to.submit(part);
        }

        /** The checksum of a block of the present run. */
        private int sum(int i) {
            crc.reset();
            if (request().operation() == Operation.WRITE_ZEROES) {
                crc.update(zeros.internalNioBuffer(0, layout.blockBytes()));
            } else {
                Fragments.update(crc, request(), position + (long) i * layout.blockBytes(), layout.blockBytes());
            }
            return (int) crc.getValue();
        }

        private boolean isAsWritten(int i) {
            if (sum(i) == map.sum(first + i)) {
                return true;
            }
            complain(block() + i);
            return false;
        }

        private void ended(int status) {
            if (closed()) {
                return;
            }
            boolean read = request().operation() == Operation.READ;
            writing -= read ? 0 : 1;
            boolean good = status == BlockRequest.OK;
            for (int i = 0; i < count; i++) {
                if (!read && status == BlockRequest.OK) {
                    map.written(block() + i, first + i, sum(i));
                } else if (!read) {
                    map.giveBack(first + i);
                } else if (first != BlockMap.NONE) {
                    good = good && isAsWritten(i);
                    map.unpin(first + i);
                }
            }
            if (good) {
                position += (long) count * layout.blockBytes();
                advance();
            } else {
                finish(this, BlockRequest.IO_ERROR);
            }
        }
    }

    private void complain(long block) {
        wrong.increment();
        if (!wrongLogged) {
            wrongLogged = true;
            LOG.error("{}: block {} is not as it was written; later ones are only counted", info().name(), block);
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
            device.submit(request.flush());
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
                        device.submit(request.flush());
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
            int perSector = Math.max(1, device.device().info().sectorBytes() / BlockMap.PIECE_BYTES);
            int start = piece;
            while (start < map.pieces() && !isChanged(start, perSector)) {
                start += perSector;
            }
            int end = start;
            while (end < map.pieces()
                    && isChanged(end, perSector)
                    && (end - start) * BlockMap.PIECE_BYTES < TABLE_RUN_BYTES) {
                end += perSector;
            }
            piece = end;
            if (start == end) {
                return false;
            }
            int at = start * BlockMap.PIECE_BYTES;
            device.submit(request.transfer(Operation.WRITE, layout.tableOffset() + at)
                    .add(stored.table, at, (end - start) * BlockMap.PIECE_BYTES));
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
            goOn(status);
        }
    }

    /** Has those go on that waited for room, or fails them. */
    private void goOn(int status) {
        for (int i = stalled.size(); i > 0; i--) {
            Copy copy = stalled.removeFirst();
            if (status == BlockRequest.OK) {
                copy.advance();
            } else {
                finish(copy, BlockRequest.IO_ERROR);
            }
        }
    }

    @Override
    void work() {
        if (commit.isRunning()) {
            return;
        }
        if (!flushes.isEmpty() || (!stalled.isEmpty() && map.hasUncommitted())) {
            commit.begin();
        } else if (map.hasFree()) {
            // A read has ended that held on to a place, or a write failed and gave its own back.
            goOn(BlockRequest.OK);
        } else if (isFull()) {
            full.add(stalled.size());
            goOn(BlockRequest.IO_ERROR);
        }
    }

    /** Nothing can be freed, nobody who is under way might bring something, and no place becomes free when a read ends. */
    private boolean isFull() {
        return writing == 0 && !map.hasUncommitted() && !map.hasDoomed();
    }

    @Override
    boolean hasWork() {
        return !commit.isRunning()
                && (!flushes.isEmpty() || (!stalled.isEmpty() && (map.hasUncommitted() || map.hasFree() || isFull())));
    }

    @Override
    void release() {
        stored.memory.close();
    }

    @Override
    String line() {
        return layout.kind().text + ", " + map.taken() + " of " + layout.places() + " places for blocks of "
                + layout.blockBytes() + " bytes used";
    }
}
