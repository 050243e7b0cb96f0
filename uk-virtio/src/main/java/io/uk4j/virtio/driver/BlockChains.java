package io.uk4j.virtio.driver;

import io.uk4j.core.BufferPool;
import io.uk4j.core.Pages;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.mm.PoolBuffer;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Builds the chains of block requests (VIRTIO 1.3, section 5.2.6): header, data, status. Each chain has a slot of memory for what
 * goes along with the data. A request that is more than the device takes at once becomes a chain for its first piece.
 *
 * <p>Data in buffers that the device cannot reach goes through buffers of the pool.
 */
final class BlockChains {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int SLOT_BYTES = 64;
    private static final int HEADER_BYTES = 16;
    private static final int SEGMENT = 16;
    private static final int SEGMENT_BYTES = 16;
    private static final int STATUS = 32;

    /** What no device writes. */
    private static final byte NO_STATUS = (byte) 0xff;

    private static final int ZERO_BYTES = 64 << 10;

    private final Virtqueue queue;
    private final BlockLimits limits;
    private final BufferPool pool;
    private final Pages slots;
    private final Pages zeros;
    private final int rangeLimit;

    /** The pool's buffers that stand in for a request's own, by chain; null where none do. */
    private final @Nullable PoolBuffer[][] bounces;

    private final int[] bounceCounts;

    BlockChains(Virtqueue queue, BlockLimits limits, BufferPool pool, QueueMemory memory) {
        this.queue = queue;
        this.limits = limits;
        this.pool = pool;
        slots = memory.allocate((long) queue.size() * SLOT_BYTES);
        zeros = memory.allocate(ZERO_BYTES);
        rangeLimit = Math.min(limits.segments(), queue.space() - 2);
        bounces = new PoolBuffer[queue.size()][];
        bounceCounts = new int[queue.size()];
    }

    /** How many ranges of memory a piece may have. */
    int rangeLimit() {
        return rangeLimit;
    }

    /** Whether there is room for a request of so many fragments, in one piece where that is allowed. */
    boolean hasRoom(int fragments) {
        return queue.space() >= 2 + Math.max(1, Math.min(fragments, rangeLimit));
    }

    /**
     * Builds the chain for a request from a position on, and ends it.
     *
     * @return how many bytes of the request it covers, 0 for a flush; -1 if there is no buffer for data that must be copied
     */
    long build(BlockRequest request, long done) {
        int id = queue.nextId();
        long slot = (long) id * SLOT_BYTES;
        slots.segment().set(ValueLayout.JAVA_BYTE, slot + STATUS, NO_STATUS);
        long piece = switch (request.operation()) {
            case READ, WRITE ->
                RequestData.isReachable(request) ? direct(request, done, slot) : copied(request, done, slot, id);
            case FLUSH -> header(slot, BlockFeatures.FLUSH_REQUEST, 0);
            case DISCARD -> segment(request, done, slot, BlockFeatures.DISCARD_REQUEST, limits.discardSectors());
            case WRITE_ZEROES ->
                limits.zeroSectors() == 0
                        ? zeros(request, done, slot)
                        : segment(request, done, slot, BlockFeatures.WRITE_ZEROES_REQUEST, limits.zeroSectors());
        };
        if (piece >= 0) {
            queue.add(slots.deviceAddress() + slot + STATUS, 1, true);
            queue.end();
        }
        return piece;
    }

    private long header(long slot, int type, long offsetBytes) {
        MemorySegment memory = slots.segment();
        memory.set(INT, slot, type);
        memory.set(INT, slot + 4, 0);
        memory.set(LONG, slot + 8, offsetBytes / BlockFeatures.SECTOR_BYTES);
        queue.add(slots.deviceAddress() + slot, HEADER_BYTES, false);
        return 0;
    }

    private long transferHeader(BlockRequest request, long done, long slot) {
        boolean reads = request.operation() == Operation.READ;
        return header(slot, reads ? BlockFeatures.IN : BlockFeatures.OUT, request.offsetBytes() + done);
    }

    private long segment(BlockRequest request, long done, long slot, int type, long limitSectors) {
        long piece = Math.min(request.lengthBytes() - done, limitSectors * BlockFeatures.SECTOR_BYTES);
        header(slot, type, 0);
        MemorySegment memory = slots.segment();
        memory.set(LONG, slot + SEGMENT, (request.offsetBytes() + done) / BlockFeatures.SECTOR_BYTES);
        memory.set(INT, slot + SEGMENT + 8, (int) (piece / BlockFeatures.SECTOR_BYTES));
        memory.set(INT, slot + SEGMENT + 12, 0);
        queue.add(slots.deviceAddress() + slot + SEGMENT, SEGMENT_BYTES, false);
        return piece;
    }

    /** How many ranges of data fit into the chain that begins now. */
    private int rangesNow() {
        return Math.min(rangeLimit, queue.space() - 2);
    }

    /** Writes zeros as data, for a device that has no request for that. */
    private long zeros(BlockRequest request, long done, long slot) {
        int ranges = rangesNow();
        header(slot, BlockFeatures.OUT, request.offsetBytes() + done);
        long left = request.lengthBytes() - done;
        long piece = 0;
        for (; ranges > 0 && left > 0; ranges--) {
            int part = (int) Math.min(left, Math.min(ZERO_BYTES, limits.segmentBytes()));
            queue.add(zeros.deviceAddress(), part, false);
            piece += part;
            left -= part;
        }
        return piece;
    }

    /** Adds the request's own buffers, whole blocks of them. */
    private long direct(BlockRequest request, long done, long slot) {
        boolean reads = request.operation() == Operation.READ;
        long piece = directBytes(request, done);
        transferHeader(request, done, slot);
        long skip = done;
        long left = piece;
        for (int i = 0; left > 0; i++) {
            int length = request.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            PoolBuffer buffer = (PoolBuffer) request.buffer(i);
            int offset = (int) skip;
            skip = 0;
            while (offset < length && left > 0) {
                int part = (int) Math.min(left, Math.min(length - offset, limits.segmentBytes()));
                queue.add(buffer.deviceAddress() + request.offset(i) + offset, part, reads);
                offset += part;
                left -= part;
            }
        }
        return piece;
    }

    /** How many bytes from a position on lie in as many ranges as there may be, cut down to whole blocks. */
    private long directBytes(BlockRequest request, long done) {
        long skip = done;
        long bytes = 0;
        int ranges = rangesNow();
        for (int i = 0; i < request.fragments() && ranges > 0; i++) {
            int length = request.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long rest = length - skip;
            skip = 0;
            while (rest > 0 && ranges > 0) {
                long part = Math.min(rest, limits.segmentBytes());
                bytes += part;
                rest -= part;
                ranges--;
            }
        }
        return bytes - bytes % limits.blockBytes();
    }

    /** Adds buffers of the pool in the place of the request's own. */
    private long copied(BlockRequest request, long done, long slot, int id) {
        boolean reads = request.operation() == Operation.READ;
        PoolBuffer[] chain = bounces[id];
        if (chain == null) {
            chain = new PoolBuffer[rangeLimit];
            bounces[id] = chain;
        }
        long piece = acquire(chain, id, request.lengthBytes() - done);
        if (piece == 0) {
            return -1;
        }
        transferHeader(request, done, slot);
        long position = done;
        for (int i = 0; i < bounceCounts[id]; i++) {
            PoolBuffer buffer = chain[i];
            if (!reads) {
                RequestData.copyOut(request, position, buffer);
            }
            int length = buffer.readableBytes();
            queue.add(buffer.deviceAddress() + buffer.readerIndex(), length, reads);
            position += length;
        }
        return piece;
    }

    /** Acquires buffers for up to so many bytes, whole blocks; their readable ranges are what is to be used. */
    private long acquire(PoolBuffer[] chain, int id, long wanted) {
        int ranges = rangesNow();
        int count = 0;
        long bytes = 0;
        int longest = (int) Math.min(pool.maxBytes(), limits.segmentBytes());
        longest -= longest % limits.blockBytes();
        while (count < ranges && bytes < wanted) {
            int part = (int) Math.min(wanted - bytes, longest);
            if (!(pool.tryAcquire(part) instanceof PoolBuffer buffer)) {
                break;
            }
            buffer.writerIndex(buffer.readerIndex() + part);
            chain[count++] = buffer;
            bytes += part;
        }
        bounceCounts[id] = count;
        return bytes;
    }

    /** What the device said of a chain, whatever it is. */
    int status(int id) {
        return slots.segment().get(ValueLayout.JAVA_BYTE, (long) id * SLOT_BYTES + STATUS) & 0xff;
    }

    /** Gives back what stood in for a request's own buffers, after taking what was read. */
    void release(int id, @Nullable BlockRequest readInto, long done) {
        PoolBuffer[] chain = bounces[id];
        if (chain == null) {
            return;
        }
        long position = done;
        for (int i = 0; i < bounceCounts[id]; i++) {
            if (readInto != null) {
                RequestData.copyIn(readInto, position, chain[i]);
            }
            position += chain[i].readableBytes();
            chain[i].release();
        }
        bounceCounts[id] = 0;
    }
}
