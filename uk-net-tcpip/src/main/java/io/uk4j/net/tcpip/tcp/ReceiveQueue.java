package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;

/**
 * What has arrived in order, until the application consumes it. Pieces stay where the device put them, unless they are so
 * short that keeping their slots would cost more memory than the window promises.
 */
final class ReceiveQueue {
    /** Up to here, a piece is copied behind the last one if there is room. */
    static final int COPY_BYTES = 256;

    final ByteQueue bytes = new ByteQueue();
    private final int limitBytes;

    ReceiveQueue(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** How many bytes may still come. */
    int space() {
        return Math.max(0, limitBytes - bytes.bytes());
    }

    /** Takes a piece; one reference moves here. */
    void add(ByteBuf buffer, int offset, int length) {
        if (isWorthCopying(buffer, length) && canExtend(bytes, length)) {
            bytes.extendTail(buffer, offset, length);
            buffer.release();
        } else {
            bytes.add(buffer, offset, length);
        }
    }

    private boolean isWorthCopying(ByteBuf buffer, int length) {
        return length <= COPY_BYTES || (length < buffer.capacity() / 2 && bytes.slotBytes() > limitBytes / 2);
    }

    /** Whether nobody else holds the last buffer, so that the rest of its slot may be written to. */
    private static boolean canExtend(ByteQueue queue, int length) {
        return queue.tailRoom() >= length
                && queue.tailBuffer().refCnt() == 1
                && !queue.tailBuffer().isReadOnly();
    }
}
