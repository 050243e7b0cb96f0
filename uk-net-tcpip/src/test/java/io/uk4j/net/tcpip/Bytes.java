package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.net.tcpip.wire.ArpPacket;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import io.uk4j.net.tcpip.wire.UdpHeader;
import java.util.Arrays;

/** Frames that tests send, built one layer around the other. */
final class Bytes {
    private Bytes() {}

    static byte[] ethernet(long destination, long source, int type, byte[] payload) {
        byte[] frame = new byte[EthernetHeader.BYTES + payload.length];
        EthernetHeader.write(wrap(frame), 0, destination, source, type);
        System.arraycopy(payload, 0, frame, EthernetHeader.BYTES, payload.length);
        return frame;
    }

    static byte[] arp(int operation, long senderMac, int sender, long targetMac, int target) {
        byte[] packet = new byte[ArpPacket.BYTES];
        ArpPacket.write(wrap(packet), 0, operation, senderMac, sender, targetMac, target);
        return packet;
    }

    static byte[] ipv4(int source, int destination, int protocol, byte[] payload) {
        return ipv4(source, destination, protocol, 7, 0, payload);
    }

    static byte[] ipv4(int source, int destination, int protocol, int id, int flagsAndOffset, byte[] payload) {
        byte[] packet = new byte[Ipv4Header.BYTES + payload.length];
        Ipv4Header.write(wrap(packet), 0, 0, packet.length, id, flagsAndOffset, 64, protocol, source, destination);
        System.arraycopy(payload, 0, packet, Ipv4Header.BYTES, payload.length);
        return packet;
    }

    /** An IPv4 packet with options, a multiple of 4 bytes. */
    static byte[] withOptions(byte[] packet, byte[] options) {
        byte[] longer = new byte[packet.length + options.length];
        System.arraycopy(packet, 0, longer, 0, 20);
        System.arraycopy(options, 0, longer, 20, options.length);
        System.arraycopy(packet, 20, longer, 20 + options.length, packet.length - 20);
        longer[0] = (byte) (0x45 + options.length / 4);
        wrap(longer).setShort(2, longer.length);
        return fixHeaderChecksum(longer);
    }

    static byte[] fixHeaderChecksum(byte[] packet) {
        ByteBuf buffer = wrap(packet);
        buffer.setShort(10, 0);
        int headerBytes = Math.min((packet[0] & 0xf) * 4, packet.length);
        buffer.setShort(10, Checksum.finish(Checksum.sum(buffer, 0, headerBytes)));
        return packet;
    }

    static byte[] udp(int source, int sourcePort, int destination, int destinationPort, byte[] payload) {
        byte[] datagram = new byte[UdpHeader.BYTES + payload.length];
        ByteBuf buffer = wrap(datagram);
        UdpHeader.write(buffer, 0, sourcePort, destinationPort, datagram.length, 0);
        System.arraycopy(payload, 0, datagram, UdpHeader.BYTES, payload.length);
        int checksum = Checksum.finish(Checksum.pseudoHeader(source, destination, 17, datagram.length)
                + Checksum.sum(buffer, 0, datagram.length));
        buffer.setShort(6, checksum == 0 ? 0xffff : checksum);
        return datagram;
    }

    static byte[] icmp(int type, int code, int rest, byte[] payload) {
        byte[] message = new byte[IcmpHeader.BYTES + payload.length];
        ByteBuf buffer = wrap(message);
        IcmpHeader.write(buffer, 0, type, code);
        buffer.setInt(4, rest);
        System.arraycopy(payload, 0, message, IcmpHeader.BYTES, payload.length);
        IcmpHeader.setChecksum(buffer, 0, Checksum.finish(Checksum.sum(buffer, 0, message.length)));
        return message;
    }

    static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 8));
        }
        return bytes;
    }

    static byte[] slice(byte[] bytes, int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    static ByteBuf wrap(byte[] bytes) {
        return Unpooled.wrappedBuffer(bytes);
    }
}
