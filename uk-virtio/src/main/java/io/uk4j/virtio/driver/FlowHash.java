package io.uk4j.virtio.driver;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.net.FrameBatch;

/**
 * Spreads frames over queues so that those of one flow stay in order: by the addresses and, for whole TCP and UDP packets, the ports. Both
 * directions of a flow have the same value. Frames of which the first fragment has not all of that, and those of other protocols, have 0.
 */
final class FlowHash {
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int ETHERNET_BYTES = 14;
    private static final int IPV6_BYTES = 40;

    private FlowHash() {}

    /**
     * Chooses a queue.
     *
     * @param queues how many there are, 1 or more
     * @return from 0 to {@code queues} - 1
     */
    static int choose(FrameBatch batch, int frame, int queues) {
        int mixed = of(batch.buffer(frame, 0), batch.offset(frame, 0), batch.length(frame, 0)) * 0x9E37_79B1;
        return (int) (((mixed & 0xffff_ffffL) * queues) >>> 32);
    }

    private static int of(ByteBuf frame, int at, int length) {
        if (length < ETHERNET_BYTES + 20) {
            return 0;
        }
        int type = frame.getUnsignedShort(at + 12);
        int packet = at + ETHERNET_BYTES;
        if (type == IPV4) {
            int headerBytes = (frame.getByte(packet) & 0xf) * 4;
            int hash = frame.getInt(packet + 12) ^ frame.getInt(packet + 16);
            boolean fragment = (frame.getUnsignedShort(packet + 6) & 0x3fff) != 0;
            return hash ^ (fragment ? 0 : ports(frame, frame.getByte(packet + 9), packet + headerBytes, at + length));
        }
        if (type == IPV6 && length >= ETHERNET_BYTES + IPV6_BYTES) {
            int hash = 0;
            for (int i = 8; i < IPV6_BYTES; i += Integer.BYTES) {
                hash ^= frame.getInt(packet + i);
            }
            return hash ^ ports(frame, frame.getByte(packet + 6), packet + IPV6_BYTES, at + length);
        }
        return 0;
    }

    private static int ports(ByteBuf frame, int protocol, int at, int end) {
        if ((protocol != TCP && protocol != UDP) || at + 4 > end) {
            return 0;
        }
        return frame.getUnsignedShort(at) ^ frame.getUnsignedShort(at + 2);
    }
}
