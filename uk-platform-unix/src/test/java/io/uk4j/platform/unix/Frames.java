package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import java.util.Objects;

/** As much of ARP (RFC 826) and ICMP echo (RFC 792) as it takes to talk to a kernel. */
final class Frames {
    private static final int ARP = 0x0806;
    private static final int IPV4 = 0x0800;

    private Frames() {}

    /** The sender of the first frame. */
    static long sourceMac(FrameBatch batch) {
        ByteBuf frame = batch.buffer(0, 0);
        int at = batch.offset(0, 0);
        return ((long) frame.getUnsignedShort(at + 6) << 32) | frame.getUnsignedInt(at + 8);
    }

    /** Whether the last frame carries ICMP. */
    static boolean isEcho(FrameBatch batch) {
        return batch.frames() > 0 && batch.buffer(0, 0).getUnsignedShort(batch.offset(0, 0) + 12) == IPV4;
    }

    /**
     * Takes the first frame, and answers it if it asks for our hardware address or for an echo.
     *
     * @return whether an answer was appended
     */
    static boolean answer(FrameBatch in, FrameBatch out, BufferPool pool, MacAddress mac, int ip) {
        ByteBuf frame = in.buffer(0, 0);
        int at = in.offset(0, 0);
        int bytes = in.length(0, 0);
        int type = frame.getUnsignedShort(at + 12);
        boolean arp = type == ARP && frame.getShort(at + 20) == 1 && frame.getInt(at + 38) == ip;
        boolean echo = type == IPV4
                && frame.getByte(at + 23) == 1
                && frame.getInt(at + 30) == ip
                && frame.getByte(at + 34) == 8;
        if (arp || echo) {
            ByteBuf reply = Objects.requireNonNull(pool.tryAcquire(bytes));
            int to = reply.writerIndex();
            reply.writeBytes(frame, at, bytes);
            reply.setBytes(to, frame, at + 6, 6);
            setMac(reply, to + 6, mac);
            if (arp) {
                reply.setShort(to + 20, 2);
                setMac(reply, to + 22, mac);
                reply.setInt(to + 28, ip);
                reply.setBytes(to + 32, frame, at + 22, 10);
            } else {
                reply.setInt(to + 26, ip);
                reply.setBytes(to + 30, frame, at + 26, 4);
                reply.setByte(to + 34, 0);
                // The type went from 8 to 0, so the one's-complement sum grows by 0x0800 (RFC 1624).
                int sum = reply.getUnsignedShort(to + 36) + 0x0800;
                reply.setShort(to + 36, (sum & 0xffff) + (sum >>> 16));
            }
            out.append(reply, to, bytes);
            out.endFrame();
        }
        in.releaseFirst(1);
        return arp || echo;
    }

    private static void setMac(ByteBuf buffer, int at, MacAddress mac) {
        buffer.setShort(at, (int) (mac.bits() >>> 32));
        buffer.setInt(at + 2, (int) mac.bits());
    }
}
