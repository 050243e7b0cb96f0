package io.uk4j.vhost.user;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.DeviceQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One request of a front end on its way (VIRTIO 1.3, section 5.2.6), made once and used again and again. Its data are copied, piece by
 * piece, through a buffer of its own: the device below never sees memory of the other process, and nothing that was checked can change.
 */
final class BlockWork {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int RANGES = BlockConfig.SEGMENTS + 2;

    /** Told of what becomes of requests, within a call of theirs or of the device below. */
    interface Owner {
        /** It has its status, or nobody waits for it any more. */
        void ended(BlockWork work);

        /** A piece is done, and another one is left. */
        void ready(BlockWork work);
    }

    private final BlockDevice device;
    private final Owner owner;
    private final ByteBuf buffer;
    private final MemorySegment memory;
    private final BlockRequest request = new BlockRequest(1, (_, status) -> completed(status));
    private final MemorySegment[] segments = new MemorySegment[RANGES];
    private final long[] offsets = new long[RANGES];
    private final int[] lengths = new int[RANGES];

    private @Nullable DeviceQueue queue;
    private int queueNumber;
    private int id;
    private int ranges;
    private int readable;
    private long readableBytes;
    private long writableBytes;
    private int type;
    private long sector;
    private long position;
    private int piece;
    private byte status;

    BlockWork(BlockDevice device, Owner owner, ByteBuf buffer, MemorySegment memory) {
        this.device = device;
        this.owner = owner;
        this.buffer = buffer;
        this.memory = memory;
    }

    /**
     * Takes over the chain that a queue gave last.
     *
     * @throws VirtioException if there is no place for a header or a status: nothing can be answered then
     */
    void take(DeviceQueue from, int number, int chain) {
        ranges = from.ranges();
        readable = from.readable();
        if (ranges > RANGES) {
            throw new VirtioException(
                    Violation.CHAIN, "A block request has " + ranges + " ranges, more than " + RANGES + ".");
        }
        readableBytes = 0;
        writableBytes = 0;
        for (int i = 0; i < ranges; i++) {
            segments[i] = from.segment(i);
            offsets[i] = from.offset(i);
            lengths[i] = from.length(i);
            if (i < readable) {
                readableBytes += lengths[i];
            } else {
                writableBytes += lengths[i];
            }
        }
        if (readableBytes < BlockConfig.HEADER_BYTES || writableBytes < 1) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "A block request has " + readableBytes + " bytes to be read and " + writableBytes
                            + " to be written.");
        }
        queue = from;
        queueNumber = number;
        id = chain;
        position = 0;
        copyOut(0, BlockConfig.HEADER_BYTES);
        type = memory.get(INT, 0);
        sector = memory.get(LONG, 8);
    }

    /** Which queue it came from; null once that is not in use any more. */
    @Nullable
    DeviceQueue queue() {
        return queue;
    }

    int queueNumber() {
        return queueNumber;
    }

    /** The front end has taken its memory back: it is not touched any more. */
    void abandon() {
        queue = null;
    }

    /** Does it, or its next piece; false if the device below has no room now. */
    boolean advance() {
        switch (type) {
            case BlockConfig.IN -> {
                return transfer(Operation.READ, writableBytes - 1);
            }
            case BlockConfig.OUT -> {
                return transfer(Operation.WRITE, readableBytes - BlockConfig.HEADER_BYTES);
            }
            case BlockConfig.FLUSH -> {
                return submit(request.flush());
            }
            case BlockConfig.DISCARD -> {
                return range(Operation.DISCARD);
            }
            case BlockConfig.WRITE_ZEROES -> {
                return range(Operation.WRITE_ZEROES);
            }
            case BlockConfig.GET_ID -> giveId();
            default -> end(BlockConfig.UNSUPPORTED);
        }
        return true;
    }

    private boolean transfer(Operation operation, long length) {
        if (length == 0 || !isOnDevice(sector, length)) {
            end(BlockConfig.IO_ERROR);
            return true;
        }
        piece = (int) Math.min(buffer.capacity(), length - position);
        if (operation == Operation.WRITE) {
            copyOut(BlockConfig.HEADER_BYTES + position, piece);
        }
        return submit(request.transfer(operation, sector * BlockConfig.SECTOR_BYTES + position)
                .add(buffer, 0, piece));
    }

    private boolean range(Operation operation) {
        // One range, as the configuration says, and no flag but that of giving the blocks back.
        if (readableBytes != BlockConfig.HEADER_BYTES + BlockConfig.RANGE_BYTES) {
            end(BlockConfig.UNSUPPORTED);
            return true;
        }
        copyOut(BlockConfig.HEADER_BYTES, BlockConfig.RANGE_BYTES);
        long first = memory.get(LONG, 0);
        long length = Integer.toUnsignedLong(memory.get(INT, 8)) * BlockConfig.SECTOR_BYTES;
        int flags = memory.get(INT, 12);
        if ((flags & ~1) != 0 || (operation == Operation.DISCARD && flags != 0)) {
            end(BlockConfig.UNSUPPORTED);
            return true;
        }
        if (length == 0 || !isOnDevice(first, length)) {
            end(BlockConfig.IO_ERROR);
            return true;
        }
        return submit(request.range(operation, first * BlockConfig.SECTOR_BYTES, length));
    }

    private boolean isOnDevice(long firstSector, long length) {
        long capacity = device.info().capacityBytes();
        return firstSector >= 0
                && firstSector <= capacity / BlockConfig.SECTOR_BYTES
                && length <= capacity - firstSector * BlockConfig.SECTOR_BYTES
                && firstSector * BlockConfig.SECTOR_BYTES % device.info().sectorBytes() == 0
                && length % device.info().sectorBytes() == 0;
    }

    private void giveId() {
        byte[] name = device.info().name().getBytes(StandardCharsets.US_ASCII);
        memory.asSlice(0, BlockConfig.ID_BYTES).fill((byte) 0);
        // The end of a path says more than its beginning.
        int count = Math.min(name.length, BlockConfig.ID_BYTES);
        MemorySegment.copy(name, name.length - count, memory, ValueLayout.JAVA_BYTE, 0, count);
        copyIn(0, (int) Math.min(BlockConfig.ID_BYTES, writableBytes - 1));
        end(BlockConfig.OK);
    }

    private boolean submit(BlockRequest prepared) {
        try {
            return device.submit(prepared);
        } catch (DeviceException | IllegalArgumentException _) {
            // Gone for good, or a write to what is read-only.
            end(BlockConfig.IO_ERROR);
            return true;
        }
    }

    private void completed(int outcome) {
        if (queue == null) {
            owner.ended(this);
        } else if (outcome != BlockRequest.OK) {
            end(BlockConfig.IO_ERROR);
        } else if (request.fragments() == 0) {
            end(BlockConfig.OK);
        } else {
            transferred();
        }
    }

    private void transferred() {
        boolean read = request.operation() == Operation.READ;
        if (read) {
            copyIn(position, piece);
        }
        position += piece;
        if (position == (read ? writableBytes - 1 : readableBytes - BlockConfig.HEADER_BYTES)) {
            end(BlockConfig.OK);
        } else {
            owner.ready(this);
        }
    }

    private void end(byte newStatus) {
        status = newStatus;
        owner.ended(this);
    }

    /** Gives the chain back, with its status in the last byte. */
    void giveBack(DeviceQueue to) {
        memory.set(ValueLayout.JAVA_BYTE, 0, status);
        copyIn(writableBytes - 1, 1);
        to.complete(id, (int) Math.min(Integer.MAX_VALUE, writableBytes));
    }

    /** Copies bytes that the front end gives to the start of the buffer. */
    private void copyOut(long from, int count) {
        copy(0, readable, from, count, true);
    }

    /** Copies the start of the buffer to where the front end wants bytes. */
    private void copyIn(long to, int count) {
        copy(readable, ranges, to, count, false);
    }

    private void copy(int firstRange, int endRange, long start, int count, boolean out) {
        long skip = start;
        int done = 0;
        for (int i = firstRange; i < endRange && done < count; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int part = (int) Math.min(lengths[i] - skip, count - done);
            if (out) {
                MemorySegment.copy(segments[i], offsets[i] + skip, memory, done, part);
            } else {
                MemorySegment.copy(memory, done, segments[i], offsets[i] + skip, part);
            }
            done += part;
            skip = 0;
        }
    }
}
