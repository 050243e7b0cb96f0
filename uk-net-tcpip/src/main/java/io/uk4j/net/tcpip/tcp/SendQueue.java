package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;

/**
 * What the application sends, until the peer has acknowledged it: the send queue and the retransmission queue in one.
 * Segments refer to its buffers. Bounded in payload, and in slots by twice that.
 */
final class SendQueue {
    /** Up to here, copying costs less than keeping a slot, a descriptor and a fragment for it. */
    static final int COPY_BYTES = 512;

    private static final int MAX_PIECES = 4096;

    final ByteQueue bytes = new ByteQueue();
    private final Memory memory;
    private final int limitBytes;
    /** Whether the last piece lies in a buffer that this queue has acquired, so that nobody else writes behind it. */
    private boolean ownTail;

    SendQueue(Memory memory, int limitBytes) {
        this.memory = memory;
        this.limitBytes = limitBytes;
    }

    int space() {
        if (bytes.slotBytes() >= 2L * limitBytes || bytes.pieces() >= MAX_PIECES) {
            return 0;
        }
        return Math.max(0, limitBytes - bytes.bytes());
    }

    int limitBytes() {
        return limitBytes;
    }

    /** Takes bytes over, by reference or copied; there is space. One reference moves here. */
    void send(ByteBuf buffer, int offset, int length) {
        if (length <= COPY_BYTES && makeRoom(length) >= length) {
            bytes.extendTail(buffer, offset, length);
            buffer.release();
            return;
        }
        bytes.add(buffer, offset, length);
        ownTail = false;
    }

    /** Copies as many bytes as there is space and memory for; returns how many. */
    int write(byte[] source, int offset, int length) {
        int wanted = Math.min(length, space());
        int written = 0;
        while (written < wanted) {
            int part = Math.min(makeRoom(wanted - written), wanted - written);
            if (part == 0) {
                break;
            }
            bytes.extendTail(source, offset + written, part);
            written += part;
        }
        return written;
    }

    /** The peer has everything before that. */
    void acknowledge(int seq) {
        int acknowledged = seq - bytes.startSeq();
        if (acknowledged > 0) {
            bytes.skip(Math.min(acknowledged, bytes.bytes()));
        }
        if (bytes.pieces() == 0) {
            ownTail = false;
        }
    }

    void clear() {
        bytes.clear();
        ownTail = false;
    }

    /** Makes sure, if the pool allows, that there is room behind the last piece; returns how much. */
    private int makeRoom(int wanted) {
        int room = ownTail ? bytes.tailRoom() : 0;
        if (room >= Math.min(wanted, COPY_BYTES)) {
            return room;
        }
        if (bytes.slotBytes() >= 2L * limitBytes) {
            return room;
        }
        ByteBuf buffer = memory.tryAcquire(wanted);
        if (buffer == null) {
            return room;
        }
        bytes.add(buffer, buffer.readerIndex(), 0);
        ownTail = true;
        return bytes.tailRoom();
    }
}
