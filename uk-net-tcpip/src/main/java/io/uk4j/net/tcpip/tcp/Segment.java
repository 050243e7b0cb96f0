package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.ip.Packet;

/**
 * An inbound segment: the fields of its header, each read once, and which part of the packet's payload is to be taken.
 * There is one object, filled anew for each packet.
 */
final class Segment {
    static final int MIN_HEADER_BYTES = 20;
    static final int MAX_SACK_RANGES = 4;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_MSS = 2;
    private static final int OPTION_WINDOW_SCALE = 3;
    private static final int OPTION_SACK_PERMITTED = 4;
    private static final int OPTION_SACK = 5;
    private static final int OPTION_TIMESTAMPS = 8;

    /** RFC 7323, section 2.3: a larger shift counts as this. */
    private static final int MAX_WINDOW_SCALE = 14;

    int sourceAddress;
    int destinationAddress;
    int sourcePort;
    int destinationPort;
    int seq;
    int ack;
    int flags;
    /** As it stands in the header, not scaled. */
    int window;

    /** How many bytes of the packet lie before the payload that is to be taken. */
    int skipBytes;

    /** How many payload bytes are to be taken. */
    int payloadBytes;

    /** The option's value, or 0 without it. */
    int mss;

    /** The option's value, or -1 without it. */
    int windowScale;

    boolean sackPermitted;
    boolean hasTimestamps;
    int tsValue;
    int tsEcho;
    int sackRanges;
    final int[] sackLefts = new int[MAX_SACK_RANGES];
    final int[] sackRights = new int[MAX_SACK_RANGES];

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** How much of the sequence space the segment takes. */
    int seqBytes() {
        return payloadBytes + (has(Flags.SYN) ? 1 : 0) + (has(Flags.FIN) ? 1 : 0);
    }

    /** The sequence number behind the segment. */
    int endSeq() {
        return seq + seqBytes();
    }

    /**
     * Reads a header.
     *
     * @return false if it is malformed: truncated, or with options that run over its end
     */
    boolean parse(Packet packet) {
        if (packet.fragments() == 0 || packet.length(0) < MIN_HEADER_BYTES) {
            return false;
        }
        ByteBuf header = packet.buffer(0);
        int at = packet.offset(0);
        int ports = header.getInt(at);
        int offsetAndFlags = header.getUnsignedShort(at + 12);
        int headerBytes = (offsetAndFlags >>> 12) * 4;
        if (headerBytes < MIN_HEADER_BYTES || headerBytes > packet.length(0)) {
            return false;
        }
        sourceAddress = packet.source;
        destinationAddress = packet.destination;
        sourcePort = ports >>> 16;
        destinationPort = ports & 0xffff;
        seq = header.getInt(at + 4);
        ack = header.getInt(at + 8);
        flags = offsetAndFlags & 0x1ff;
        window = header.getUnsignedShort(at + 14);
        skipBytes = headerBytes;
        payloadBytes = packet.bytes() - headerBytes;
        return parseOptions(header, at + MIN_HEADER_BYTES, at + headerBytes);
    }

    /** Cuts bytes off the front: a SYN first, then payload. */
    void trimFront(int bytes) {
        int left = bytes;
        if (left > 0 && has(Flags.SYN)) {
            flags &= ~Flags.SYN;
            seq++;
            left--;
        }
        left = Math.min(left, payloadBytes);
        seq += left;
        skipBytes += left;
        payloadBytes -= left;
    }

    /** Cuts bytes off the end: a FIN first, then payload. */
    void trimEnd(int bytes) {
        int left = bytes;
        if (left > 0 && has(Flags.FIN)) {
            flags &= ~Flags.FIN;
            left--;
        }
        payloadBytes -= Math.min(left, payloadBytes);
    }

    private boolean parseOptions(ByteBuf header, int from, int end) {
        mss = 0;
        windowScale = -1;
        sackPermitted = false;
        hasTimestamps = false;
        sackRanges = 0;
        int at = from;
        while (at < end) {
            int kind = header.getUnsignedByte(at);
            if (kind == OPTION_END) {
                return true;
            }
            if (kind == OPTION_NOP) {
                at++;
                continue;
            }
            if (at + 1 == end) {
                return false;
            }
            int length = header.getUnsignedByte(at + 1);
            if (length < 2 || length > end - at) {
                return false;
            }
            parseOption(kind, length, header, at);
            at += length;
        }
        return true;
    }

    private void parseOption(int kind, int length, ByteBuf header, int at) {
        switch (kind) {
            case OPTION_MSS -> {
                if (length == 4) {
                    mss = header.getUnsignedShort(at + 2);
                }
            }
            case OPTION_WINDOW_SCALE -> {
                if (length == 3) {
                    windowScale = Math.min(header.getUnsignedByte(at + 2), MAX_WINDOW_SCALE);
                }
            }
            case OPTION_SACK_PERMITTED -> sackPermitted |= length == 2;
            case OPTION_TIMESTAMPS -> {
                if (length == 10) {
                    hasTimestamps = true;
                    tsValue = header.getInt(at + 2);
                    tsEcho = header.getInt(at + 6);
                }
            }
            case OPTION_SACK -> {
                sackRanges = Math.min((length - 2) / 8, MAX_SACK_RANGES);
                for (int i = 0; i < sackRanges; i++) {
                    sackLefts[i] = header.getInt(at + 2 + 8 * i);
                    sackRights[i] = header.getInt(at + 6 + 8 * i);
                }
            }
            default -> {
                // RFC 9293, section 3.1: an unknown option is skipped.
            }
        }
    }
}
