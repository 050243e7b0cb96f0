package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import java.util.Objects;

/** One TCP connection that a kernel opens to us, as far as a test of a device needs it: loss-free, without timers. */
final class KernelTcp {
    private static final int SYN = 0x02;
    private static final int PSH = 0x08;
    private static final int ACK = 0x10;
    private static final int HEADERS_BYTES = 14 + 20 + 20;
    private static final int MSS_BYTES = 1460;

    private final BufferPool pool;
    private final MacAddress mac;
    private int sendNext = 0x1000_0000;
    private int receiveNext;
    private long received;
    private int longestFrameBytes;
    private int gsoTypes;

    KernelTcp(BufferPool pool, MacAddress mac) {
        this.pool = pool;
        this.mac = mac;
    }

    /** How many bytes of the stream came, in order. */
    long received() {
        return received;
    }

    /** The longest frame that came. */
    int longestFrameBytes() {
        return longestFrameBytes;
    }

    /** The segmentation types of all frames, or'ed. */
    int gsoTypes() {
        return gsoTypes;
    }

    /** Takes the first frame; where it is a segment of the connection, appends an answer with so many bytes of payload. */
    void answer(FrameBatch in, FrameBatch out, int payloadBytes) {
        ByteBuf frame = in.buffer(0, 0);
        int at = in.offset(0, 0);
        boolean tcp = frame.getUnsignedShort(at + 12) == 0x0800 && frame.getByte(at + 23) == 6;
        if (tcp) {
            longestFrameBytes = Math.max(longestFrameBytes, in.frameBytes(0));
            gsoTypes |= in.gsoType(0);
            int flags = frame.getByte(at + 47);
            int headersBytes = 14 + 20 + ((frame.getByte(at + 46) & 0xf0) >> 2);
            int dataBytes = frame.getUnsignedShort(at + 16) + 14 - headersBytes;
            int sequence = frame.getInt(at + 38);
            if ((flags & SYN) != 0) {
                receiveNext = sequence + 1;
                segment(frame, at, out, SYN | ACK, 0);
                sendNext++;
            } else if (dataBytes > 0 && sequence == receiveNext) {
                receiveNext += dataBytes;
                received += dataBytes;
                segment(frame, at, out, ACK | PSH, payloadBytes);
                sendNext += payloadBytes;
            }
        }
        in.releaseFirst(1);
    }

    /** Headers in one buffer, payload in another, with the checksum left to the device, and the cutting where it is long. */
    private void segment(ByteBuf request, int at, FrameBatch out, int flags, int payloadBytes) {
        boolean syn = (flags & SYN) != 0;
        int headersBytes = HEADERS_BYTES + (syn ? 4 : 0);
        int ipBytes = headersBytes - 14 + payloadBytes;
        ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(headersBytes));
        int to = buffer.writerIndex();
        buffer.setBytes(to, request, at + 6, 6);
        buffer.setShort(to + 6, (int) (mac.bits() >>> 32));
        buffer.setInt(to + 8, (int) mac.bits());
        buffer.setShort(to + 12, 0x0800);
        buffer.setShort(to + 14, 0x4500);
        buffer.setShort(to + 16, ipBytes);
        buffer.setInt(to + 18, 0x4000);
        buffer.setInt(to + 22, 0x4006_0000);
        buffer.setBytes(to + 26, request, at + 30, 4);
        buffer.setBytes(to + 30, request, at + 26, 4);
        buffer.setShort(to + 24, ~sum(buffer, to + 14, 20, 0));
        buffer.setBytes(to + 34, request, at + 36, 2);
        buffer.setBytes(to + 36, request, at + 34, 2);
        buffer.setInt(to + 38, sendNext);
        buffer.setInt(to + 42, receiveNext);
        buffer.setShort(to + 46, (((headersBytes - 34) / 4) << 12) | flags);
        buffer.setShort(to + 48, 65_535);
        buffer.setInt(to + 50, 0);
        if (syn) {
            buffer.setInt(to + 54, 0x0204_0000 | MSS_BYTES);
        }
        // The sum over the pseudo-header stands where the device finds it (RFC 9293, section 3.1).
        buffer.setShort(to + 50, sum(buffer, to + 26, 8, 6 + ipBytes - 20));
        out.append(buffer, to, headersBytes);
        boolean cut = payloadBytes > MSS_BYTES;
        out.offload(
                FrameBatch.NEEDS_CHECKSUM,
                cut ? FrameBatch.GSO_TCPV4 : FrameBatch.GSO_NONE,
                cut ? MSS_BYTES : 0,
                headersBytes,
                34,
                16);
        if (payloadBytes > 0) {
            ByteBuf payload = Objects.requireNonNull(pool.tryAcquire(payloadBytes));
            out.append(payload, payload.writerIndex(), payloadBytes);
        }
        out.endFrame();
    }

    private static int sum(ByteBuf buffer, int from, int bytes, int start) {
        int sum = start;
        for (int i = 0; i < bytes; i += 2) {
            sum += buffer.getUnsignedShort(from + i);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return (sum & 0xffff) + (sum >>> 16);
    }
}
