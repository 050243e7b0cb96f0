package io.uk4j.blk;

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
import java.util.function.Predicate;

/** A disk in an array that does what a test says, and remembers what it was asked. */
final class ScriptedDisk implements BlockDevice {
    final byte[] data;
    final List<String> asked = new ArrayList<>();
    private final BlockDeviceInfo info;
    private final SignalSource source = new SignalSource();
    private final List<BlockRequest> underWay = new ArrayList<>();
    private Predicate<BlockRequest> fails = _ -> false;
    private Predicate<BlockRequest> passes = _ -> true;
    private boolean held;
    private boolean gone;
    private boolean closed;

    ScriptedDisk(int sectors, int queueDepth, int maxFragments) {
        info = new BlockDeviceInfo("disk", 512, sectors, false, maxFragments, queueDepth, true);
        data = new byte[sectors * 512];
    }

    /** Requests of which this is true fail. */
    ScriptedDisk failing(Predicate<BlockRequest> predicate) {
        fails = predicate;
        return this;
    }

    /** Keeps requests until {@link #release}. */
    ScriptedDisk hold() {
        held = true;
        return this;
    }

    /** Keeps only those of which this is not true. */
    void passing(Predicate<BlockRequest> predicate) {
        held = false;
        passes = predicate;
    }

    void release() {
        held = false;
        passes = _ -> true;
    }

    /** Is no device any more, from the next call on. */
    void vanish() {
        gone = true;
    }

    int underWay() {
        return underWay.size();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public BlockDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return source;
    }

    private void live() {
        if (gone) {
            throw new DeviceException("disk is gone.", null, null);
        }
    }

    @Override
    public boolean submit(BlockRequest request) {
        live();
        info.check(request);
        if (underWay.size() == info.queueDepth()) {
            return false;
        }
        asked.add(request.operation() + " " + request.offsetBytes() / 512 + "+" + request.lengthBytes() / 512);
        underWay.add(request);
        return true;
    }

    @Override
    public int poll(int limit) {
        live();
        int count = 0;
        for (int i = 0; !held && count < limit && i < underWay.size(); ) {
            if (!passes.test(underWay.get(i))) {
                i++;
                continue;
            }
            BlockRequest request = underWay.remove(i);
            boolean failed = fails.test(request);
            if (!failed) {
                execute(request);
            }
            request.complete(failed ? BlockRequest.IO_ERROR : BlockRequest.OK);
            count++;
        }
        return count;
    }

    private void execute(BlockRequest request) {
        int at = (int) request.offsetBytes();
        for (int i = 0; i < request.fragments(); i++) {
            ByteBuf buffer = request.buffer(i);
            if (request.operation() == Operation.READ) {
                buffer.setBytes(request.offset(i), data, at, request.length(i));
            } else {
                buffer.getBytes(request.offset(i), data, at, request.length(i));
            }
            at += request.length(i);
        }
        if (request.operation() == Operation.WRITE_ZEROES) {
            Arrays.fill(data, at, at + (int) request.lengthBytes(), (byte) 0);
        }
    }

    @Override
    public boolean arm() {
        live();
        return !held && !underWay.isEmpty();
    }

    @Override
    public void close() {
        closed = true;
        while (!underWay.isEmpty()) {
            underWay.removeFirst().complete(BlockRequest.CLOSED);
        }
    }
}
