package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that remembers what was done to it and when, so that a {@link CrashTest} can say what may be left of it after a power
 * cut. A {@link PowerLine} makes it. It carries requests out when it is polled, in an order of its own if it was given one, and
 * can be made to fail.
 *
 * <p>A sector is written as a whole or not at all; nothing else is promised for what was not flushed. A buffer that changes while
 * the disk has it is an {@link AssertionError}.
 *
 * <p>Thread rule: one thread.
 */
public final class RecordingDisk implements BlockDevice {
    private static final byte DISCARDED = (byte) 0xDD;

    /** A change that was submitted. Times are those of the power line. */
    static final class Change {
        final long offset;
        final byte[] data;
        final long submitted;
        long completed = PowerLine.NEVER;

        Change(long offset, byte[] data, long submitted) {
            this.offset = offset;
            this.data = data;
            this.submitted = submitted;
        }
    }

    /** A flush that has completed. */
    record Flush(long submitted, long completed) {}

    private record Pending(BlockRequest request, @Nullable Change change, long submitted) {}

    private final PowerLine line;
    private final BlockDeviceInfo info;
    private final byte[] before;
    private final byte[] data;
    private final @Nullable SplittableRandom order;
    private final SignalSource source = new SignalSource();
    private final List<Pending> underWay = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();
    private final List<Flush> flushes = new ArrayList<>();
    private Predicate<BlockRequest> fails = _ -> false;
    private boolean held;
    private boolean gone;
    private boolean closed;

    RecordingDisk(PowerLine line, String name, int sectorBytes, byte[] contents, @Nullable SplittableRandom order) {
        this.line = line;
        this.order = order;
        info = new BlockDeviceInfo(name, sectorBytes, contents.length / sectorBytes, false, 16, 16, true);
        before = contents.clone();
        data = contents.clone();
    }

    /**
     * Makes requests fail from now on.
     *
     * @param predicate which; those change nothing
     */
    public void failing(Predicate<BlockRequest> predicate) {
        fails = predicate;
    }

    /** Keeps requests under way until {@link #release}. */
    public void hold() {
        held = true;
    }

    /** Carries requests out again. */
    public void release() {
        held = false;
    }

    /** Is gone for good: each call is a {@link DeviceException} from now on. */
    public void vanish() {
        gone = true;
    }

    /** What it holds at present, as a copy. */
    public byte[] contents() {
        return data.clone();
    }

    byte[] before() {
        return before;
    }

    List<Change> changes() {
        return changes;
    }

    List<Flush> flushes() {
        return flushes;
    }

    private void live() {
        if (gone || closed) {
            throw new DeviceException(info.name() + (closed ? " is closed." : " is gone."), null, null);
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
        live();
        info.check(request);
        if (underWay.size() == info.queueDepth()) {
            return false;
        }
        long now = line.tick();
        Change change = null;
        if (request.operation() != Operation.READ && request.operation() != Operation.FLUSH) {
            change = new Change(request.offsetBytes(), bytes(request), now);
            changes.add(change);
        }
        underWay.add(new Pending(request, change, now));
        return true;
    }

    private static byte[] bytes(BlockRequest request) {
        byte[] bytes = new byte[Math.toIntExact(request.lengthBytes())];
        if (request.operation() == Operation.DISCARD) {
            Arrays.fill(bytes, DISCARDED);
        }
        int at = 0;
        for (int i = 0; i < request.fragments(); i++) {
            request.buffer(i).getBytes(request.offset(i), bytes, at, request.length(i));
            at += request.length(i);
        }
        return bytes;
    }

    @Override
    public int poll(int limit) {
        if (closed) {
            return 0;
        }
        live();
        int count = 0;
        while (!held && count < limit && !underWay.isEmpty()) {
            Pending pending = underWay.remove(order == null ? 0 : order.nextInt(underWay.size()));
            int status = fails.test(pending.request) ? BlockRequest.IO_ERROR : BlockRequest.OK;
            if (status == BlockRequest.OK) {
                execute(pending);
            }
            pending.request.complete(status);
            count++;
        }
        return count;
    }

    private void execute(Pending pending) {
        BlockRequest request = pending.request;
        Change change = pending.change;
        long now = line.tick();
        if (change != null) {
            if (!Arrays.equals(change.data, bytes(request))) {
                throw new AssertionError(
                        "The buffers of a write to " + request.offsetBytes() + " changed while the disk had them.");
            }
            change.completed = now;
            System.arraycopy(change.data, 0, data, (int) change.offset, change.data.length);
        } else if (request.operation() == Operation.FLUSH) {
            flushes.add(new Flush(pending.submitted, now));
        } else {
            int at = (int) request.offsetBytes();
            for (int i = 0; i < request.fragments(); i++) {
                ByteBuf buffer = request.buffer(i);
                buffer.setBytes(request.offset(i), data, at, request.length(i));
                at += request.length(i);
            }
        }
    }

    @Override
    public boolean arm() {
        if (closed) {
            return false;
        }
        live();
        return !held && !underWay.isEmpty();
    }

    @Override
    public void close() {
        closed = true;
        while (!underWay.isEmpty()) {
            underWay.removeFirst().request.complete(BlockRequest.CLOSED);
        }
    }
}
