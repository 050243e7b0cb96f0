package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockRequest;
import java.nio.ByteBuffer;
import java.util.zip.Checksum;

/** Parts of the data of a request. */
final class Fragments {
    private Fragments() {}

    /** Adds the bytes {@code [skip, skip + length)} of a request's data to another request, which then has as many fragments at most. */
    static void add(BlockRequest from, long skip, long length, BlockRequest to) {
        long before = skip;
        long left = length;
        for (int i = 0; left > 0; i++) {
            int size = from.length(i);
            if (before >= size) {
                before -= size;
                continue;
            }
            int count = (int) Math.min(size - before, left);
            to.add(from.buffer(i), from.offset(i) + (int) before, count);
            before = 0;
            left -= count;
        }
    }

    /** Copies the bytes {@code [skip, skip + length)} of a request's data into a buffer. */
    static void read(BlockRequest from, long skip, int length, ByteBuf into, int index) {
        long before = skip;
        int copied = 0;
        for (int i = 0; copied < length; i++) {
            int size = from.length(i);
            if (before >= size) {
                before -= size;
                continue;
            }
            int count = (int) Math.min(size - before, length - copied);
            copy(from.buffer(i), from.offset(i) + (int) before, into, index + copied, count);
            before = 0;
            copied += count;
        }
    }

    /** Copies a buffer's bytes to {@code [skip, skip + length)} of a request's data. */
    static void write(BlockRequest to, long skip, int length, ByteBuf from, int index) {
        long before = skip;
        int copied = 0;
        for (int i = 0; copied < length; i++) {
            int size = to.length(i);
            if (before >= size) {
                before -= size;
                continue;
            }
            int count = (int) Math.min(size - before, length - copied);
            copy(from, index + copied, to.buffer(i), to.offset(i) + (int) before, count);
            before = 0;
            copied += count;
        }
    }

    /** Copies the bytes {@code [skip, skip + length)} of a request's data to the start of an array. */
    static void get(BlockRequest from, long skip, byte[] into, int length) {
        array(from, skip, into, length, true);
    }

    /** Copies an array's first bytes to {@code [skip, skip + length)} of a request's data. */
    static void put(BlockRequest to, long skip, byte[] from, int length) {
        array(to, skip, from, length, false);
    }

    private static void array(BlockRequest request, long skip, byte[] array, int length, boolean get) {
        long before = skip;
        int copied = 0;
        for (int i = 0; copied < length; i++) {
            int size = request.length(i);
            if (before >= size) {
                before -= size;
                continue;
            }
            int count = (int) Math.min(size - before, length - copied);
            ByteBuffer bytes = request.buffer(i).internalNioBuffer(request.offset(i) + (int) before, count);
            if (get) {
                bytes.get(array, copied, count);
            } else {
                bytes.put(array, copied, count);
            }
            before = 0;
            copied += count;
        }
    }

    /** Adds the bytes {@code [skip, skip + length)} of a request's data to a checksum. */
    static void update(Checksum checksum, BlockRequest request, long skip, int length) {
        long before = skip;
        int left = length;
        for (int i = 0; left > 0; i++) {
            int size = request.length(i);
            if (before >= size) {
                before -= size;
                continue;
            }
            int count = (int) Math.min(size - before, left);
            checksum.update(request.buffer(i).internalNioBuffer(request.offset(i) + (int) before, count));
            before = 0;
            left -= count;
        }
    }

    /**
     * Copies between two buffers, one of which is a layer's own, so that they never are views of the same one. Netty's own way makes objects for
     * each copy.
     */
    static void copy(ByteBuf from, int fromIndex, ByteBuf to, int toIndex, int length) {
        to.internalNioBuffer(toIndex, length).put(from.internalNioBuffer(fromIndex, length));
    }
}
