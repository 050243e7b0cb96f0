package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.wire.Checksum;

/** Writes TCP headers. Options are aligned as RFC 7323, appendix A, advises. */
final class HeaderWriter {
    static final int MAX_HEADER_BYTES = 60;
    static final int TIMESTAMPS_BYTES = 12;
    static final int PROTOCOL = 6;

    private static final int CHECKSUM_OFFSET = 16;

    private HeaderWriter() {}

    static void fixed(ByteBuf to, int at, int localPort, int remotePort, int seq, int ack, int flags, int window) {
        to.setInt(at, (localPort << 16) | remotePort);
        to.setInt(at + 4, seq);
        to.setInt(at + 8, ack);
        to.setInt(at + 12, (flags << 16) | window);
        to.setInt(at + 16, 0);
    }

    /** Once the options are written: how long all is. */
    static void headerBytes(ByteBuf to, int at, int bytes) {
        to.setByte(at + 12, (to.getByte(at + 12) & 0x0f) | (bytes << 2));
    }

    static int timestamps(ByteBuf to, int at, int value, int echo) {
        to.setInt(at, 0x0101080a);
        to.setInt(at + 4, value);
        to.setInt(at + 8, echo);
        return at + TIMESTAMPS_BYTES;
    }

    static int mss(ByteBuf to, int at, int bytes) {
        to.setInt(at, 0x0204_0000 | bytes);
        return at + 4;
    }

    static int windowScale(ByteBuf to, int at, int shift) {
        to.setInt(at, 0x0103_0300 | shift);
        return at + 4;
    }

    static int sackPermitted(ByteBuf to, int at) {
        to.setInt(at, 0x0101_0402);
        return at + 4;
    }

    static int sackHeader(ByteBuf to, int at, int ranges) {
        to.setInt(at, 0x0101_0500 | (2 + 8 * ranges));
        return at + 4;
    }

    /** Addresses the packet, once all its fragments are there, and stores what the layer below completes the checksum from. */
    static void finish(Packet packet, int localAddress, int remoteAddress, ByteBuf header, int at, int headerBytes) {
        packet.source = localAddress;
        packet.destination = remoteAddress;
        packet.protocol = PROTOCOL;
        packet.dontFragment = true;
        packet.transportHeaderBytes = headerBytes;
        packet.checksumOffset = CHECKSUM_OFFSET;
        long sum = Checksum.pseudoHeader(localAddress, remoteAddress, PROTOCOL, packet.bytes());
        header.setShort(at + CHECKSUM_OFFSET, Checksum.fold(sum));
    }
}
