package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayDeque;
import java.util.Arrays;

/** A disk in an array that does its requests when it is polled: what is right, to be made wrong in one respect. */
class MemoryDisk implements BlockDevice {
    final byte[] data = new byte[64 * 512];
    final ArrayDeque<BlockRequest> underWay = new ArrayDeque<>();
    final SignalSource source = new SignalSource();
    private final BlockDeviceInfo info;

    MemoryDisk(boolean readOnly) {
        info = new BlockDeviceInfo("memory", 512, 64, readOnly, 4, 8, true);
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
        check(request);
        if (underWay.size() == info.queueDepth()) {
            return false;
        }
        underWay.add(request);
        return true;
    }

    void check(BlockRequest request) {
        if (request.operation() == Operation.FLUSH) {
            return;
        }
        if (info.readOnly() && request.operation() != Operation.READ) {
            throw new IllegalArgumentException("read-only");
        }
        if (request.offsetBytes() % 512 != 0 || request.lengthBytes() % 512 != 0) {
            throw new IllegalArgumentException("not whole sectors");
        }
        if (request.fragments() > info.maxFragments()) {
            throw new IllegalArgumentException("too many fragments");
        }
        if (request.offsetBytes() < 0
                || request.lengthBytes() < 0
                || request.offsetBytes() > data.length - request.lengthBytes()) {
            throw new IllegalArgumentException("beyond the end");
        }
    }

    @Override
    public int poll(int limit) {
        int count = 0;
        while (count < limit && !underWay.isEmpty()) {
            BlockRequest request = underWay.remove();
            execute(request);
            request.complete(BlockRequest.OK);
            count++;
        }
        return count;
    }

    void execute(BlockRequest request) {
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
        return !underWay.isEmpty();
    }

    @Override
    public void close() {
        while (!underWay.isEmpty()) {
            underWay.remove().complete(BlockRequest.CLOSED);
        }
    }
}
