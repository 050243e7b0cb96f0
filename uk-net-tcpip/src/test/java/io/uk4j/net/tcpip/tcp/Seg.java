package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.ip.Packet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A segment as a test writes or sees it. */
final class Seg {
    int sourcePort;
    int destinationPort;
    int flags;
    int seq;
    int ack;
    int window = 0xffff;
    int mss;
    int scale = -1;
    boolean sackPermitted;
    boolean timestamps;
    int tsValue;
    int tsEcho;
    final List<int[]> sack = new ArrayList<>();
    byte[] data = {};
    int gsoSize;
    int fragments;
    boolean brokenOption;

    static Seg of(int flags) {
        Seg s = new Seg();
        s.flags = flags;
        return s;
    }

    Seg seq(int value) {
        seq = value;
        return this;
    }

    Seg ack(int value) {
        ack = value;
        flags |= Flags.ACK;
        return this;
    }

    Seg window(int value) {
        window = value;
        return this;
    }

    Seg mss(int value) {
        mss = value;
        return this;
    }

    Seg scale(int value) {
        scale = value;
        return this;
    }

    Seg sackPermitted() {
        sackPermitted = true;
        return this;
    }

    Seg timestamps(int value, int echo) {
        timestamps = true;
        tsValue = value;
        tsEcho = echo;
        return this;
    }

    Seg data(int length) {
        data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (seq + i);
        }
        return this;
    }

    Seg brokenOption() {
        brokenOption = true;
        return this;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** The header and payload as they go over the wire, without a checksum. */
    byte[] bytes() {
        ByteBuffer b = ByteBuffer.allocate(60 + data.length);
        b.putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .putInt(seq)
                .putInt(ack);
        b.putShort((short) flags).putShort((short) window).putInt(0);
        if (mss > 0) {
            b.put((byte) 2).put((byte) 4).putShort((short) mss);
        }
        if (scale >= 0) {
            b.put((byte) 1).put((byte) 3).put((byte) 3).put((byte) scale);
        }
        if (sackPermitted) {
            b.put((byte) 1).put((byte) 1).put((byte) 4).put((byte) 2);
        }
        if (timestamps) {
            b.putShort((short) 0x101)
                    .put((byte) 8)
                    .put((byte) 10)
                    .putInt(tsValue)
                    .putInt(tsEcho);
        }
        if (brokenOption) {
            b.put((byte) 8).put((byte) 0).putShort((short) 0);
        }
        b.put(12, (byte) (b.position() << 2));
        b.put(data);
        return Arrays.copyOf(b.array(), b.position());
    }

    /** What a transport has sent. */
    static Seg of(Packet packet) {
        Segment parsed = new Segment();
        if (!parsed.parse(packet)) {
            throw new AssertionError("A malformed segment was sent.");
        }
        Seg s = of(parsed.flags)
                .seq(parsed.seq)
                .window(parsed.window)
                .mss(parsed.mss)
                .scale(parsed.windowScale);
        s.sourcePort = parsed.sourcePort;
        s.destinationPort = parsed.destinationPort;
        s.ack = parsed.ack;
        s.fragments = packet.fragments();
        s.sackPermitted = parsed.sackPermitted;
        s.timestamps = parsed.hasTimestamps;
        s.tsValue = parsed.tsValue;
        s.tsEcho = parsed.tsEcho;
        for (int i = 0; i < parsed.sackRanges; i++) {
            s.sack.add(new int[] {parsed.sackLefts[i], parsed.sackRights[i]});
        }
        s.gsoSize = packet.gsoSize;
        s.data = new byte[parsed.payloadBytes];
        int skip = parsed.skipBytes;
        int at = 0;
        for (int i = 0; i < packet.fragments(); i++) {
            int from = Math.min(skip, packet.length(i));
            skip -= from;
            int length = packet.length(i) - from;
            ByteBuf buffer = packet.buffer(i);
            buffer.getBytes(packet.offset(i) + from, s.data, at, length);
            at += length;
        }
        return s;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        String[] names = {"FIN", "SYN", "RST", "PSH", "ACK"};
        for (int i = 0; i < names.length; i++) {
            if (has(1 << i)) {
                text.append(names[i]).append(' ');
            }
        }
        return text + "seq " + Integer.toUnsignedString(seq) + " ack " + Integer.toUnsignedString(ack) + " window "
                + window + " data " + data.length;
    }
}
