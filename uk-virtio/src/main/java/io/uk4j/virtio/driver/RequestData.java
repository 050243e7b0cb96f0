package io.uk4j.virtio.driver;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.mm.PoolBuffer;

/** The data of a block request, seen as one row of bytes over all its fragments. */
final class RequestData {
    private RequestData() {}

    /** Whether the device can reach all of it. */
    static boolean isReachable(BlockRequest request) {
        for (int i = 0; i < request.fragments(); i++) {
            if (!(request.buffer(i) instanceof PoolBuffer)) {
                return false;
            }
        }
        return true;
    }

    /** Fills a buffer's readable range from a position on. */
    static void copyOut(BlockRequest request, long position, PoolBuffer into) {
        copy(request, position, into, true);
    }

    /** Takes a buffer's readable range to a position. */
    static void copyIn(BlockRequest request, long position, PoolBuffer from) {
        copy(request, position, from, false);
    }

    private static void copy(BlockRequest request, long position, PoolBuffer buffer, boolean out) {
        int at = buffer.readerIndex();
        int left = buffer.readableBytes();
        long skip = position;
        for (int i = 0; i < request.fragments() && left > 0; i++) {
            int length = request.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int part = (int) Math.min(left, length - skip);
            int offset = request.offset(i) + (int) skip;
            ByteBuf fragment = request.buffer(i);
            if (out) {
                buffer.setBytes(at, fragment, offset, part);
            } else {
                fragment.setBytes(offset, buffer, at, part);
            }
            at += part;
            left -= part;
            skip = 0;
        }
    }
}
