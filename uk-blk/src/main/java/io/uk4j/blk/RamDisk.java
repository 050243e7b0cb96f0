package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockCounters;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk in memory, empty at first and gone when it is closed. It takes its memory from the platform's pages when it is opened, and carries
 * its requests out when it is polled, in order. A flush has nothing to do: no part of it survives the process or the machine.
 *
 * <p>Thread rule: loop-owned.
 */
public final class RamDisk implements BlockDevice {
    private static final int FRAGMENT_LIMIT = 256;
    private static final int QUEUE_DEPTH = 128;

    /** How much memory is asked for in one piece. */
    private static final int CHUNK_BYTES = 64 << 20;

    private final BlockDeviceInfo info;
    private final BlockCounters counters;
    private final Memory memory;
    private final ByteBuf[] chunks;
    private final SignalSource source = new SignalSource();
    private final ArrayDeque<BlockRequest> requests = new ArrayDeque<>(QUEUE_DEPTH);
    private boolean closed;

    private RamDisk(BlockDeviceInfo info, BlockCounters counters, Memory memory, ByteBuf[] chunks) {
        this.info = info;
        this.counters = counters;
        this.memory = memory;
        this.chunks = chunks;
    }

    /**
     * Makes a disk of zeros.
     *
     * @param context its platform's pages hold the disk
     * @param name a short name, unique in the appliance
     * @param sectorBytes a power of two from 512 to 65536
     * @param bytes its size, a multiple of the sector, more than 0
     * @throws io.uk4j.core.OutOfMemoryException if there is not so much memory; nothing was taken
     * @throws IllegalArgumentException if an argument is out of its range
     */
    public static RamDisk create(DeviceContext context, String name, int sectorBytes, long bytes) {
        if (sectorBytes > 65_536 || bytes <= 0 || bytes % sectorBytes != 0) {
            throw new IllegalArgumentException("A RAM disk of " + bytes + " bytes in sectors of " + sectorBytes
                    + ": a sector has 65536 bytes at most, and a disk one whole sector or more.");
        }
        BlockDeviceInfo info =
                new BlockDeviceInfo(name, sectorBytes, bytes / sectorBytes, false, FRAGMENT_LIMIT, QUEUE_DEPTH, false);
        Memory memory = new Memory(context.platform().pages());
        try {
            // How many there are is known when there is memory for them: a size may be beyond all bounds.
            List<ByteBuf> chunks = new ArrayList<>();
            for (long left = bytes; left > 0; left -= CHUNK_BYTES) {
                chunks.add(memory.buffer((int) Math.min(CHUNK_BYTES, left)));
            }
            return new RamDisk(
                    info, new BlockCounters(context.counters(), name), memory, chunks.toArray(ByteBuf[]::new));
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
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
        if (closed) {
            throw new DeviceException(info.name() + " is closed.", null, null);
        }
        info.check(request);
        return requests.size() < QUEUE_DEPTH && requests.add(request);
    }

    @Override
    public int poll(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit " + limit + " is not 1 or more.");
        }
        int count = 0;
        while (count < limit && !requests.isEmpty()) {
            BlockRequest request = requests.removeFirst();
            execute(request);
            counters.completed(request, BlockRequest.OK);
            request.complete(BlockRequest.OK);
            count++;
        }
        return count;
    }

    private void execute(BlockRequest request) {
        switch (request.operation()) {
            case READ, WRITE -> {
                long position = request.offsetBytes();
                for (int i = 0; i < request.fragments(); i++) {
                    transfer(request, i, position);
                    position += request.length(i);
                }
            }
            case WRITE_ZEROES -> zero(request.offsetBytes(), request.lengthBytes());
            case FLUSH, DISCARD -> {
                // The one has nothing to do, and the other need not do anything.
            }
        }
    }

    private void transfer(BlockRequest request, int fragment, long position) {
        ByteBuf buffer = request.buffer(fragment);
        int done = 0;
        while (done < request.length(fragment)) {
            ByteBuf chunk = chunks[(int) ((position + done) / CHUNK_BYTES)];
            int at = (int) ((position + done) % CHUNK_BYTES);
            int count = Math.min(request.length(fragment) - done, chunk.capacity() - at);
            if (request.operation() == BlockRequest.Operation.READ) {
                Fragments.copy(chunk, at, buffer, request.offset(fragment) + done, count);
            } else {
                Fragments.copy(buffer, request.offset(fragment) + done, chunk, at, count);
            }
            done += count;
        }
    }

    private void zero(long offset, long length) {
        long done = 0;
        while (done < length) {
            ByteBuf chunk = chunks[(int) ((offset + done) / CHUNK_BYTES)];
            int at = (int) ((offset + done) % CHUNK_BYTES);
            int count = (int) Math.min(length - done, chunk.capacity() - at);
            chunk.setZero(at, count);
            done += count;
        }
    }

    @Override
    public boolean arm() {
        return !requests.isEmpty();
    }

    @Override
    public String describe() {
        return info.name() + ": " + info.capacityBytes() + " bytes of memory";
    }

    /** Completes what is under way with {@link BlockRequest#CLOSED} and gives the memory back; its contents are lost. */
    @Override
    public void close() {
        closed = true;
        while (!requests.isEmpty()) {
            BlockRequest request = requests.removeFirst();
            counters.completed(request, BlockRequest.CLOSED);
            request.complete(BlockRequest.CLOSED);
        }
        memory.close();
    }
}
