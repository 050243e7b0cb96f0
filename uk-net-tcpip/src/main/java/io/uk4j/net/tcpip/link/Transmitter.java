package io.uk4j.net.tcpip.link;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.EthernetHeader;

/**
 * Puts Ethernet headers in front of packets, and the frames into a batch for the device. What the device does not take
 * stays in the batch, and then there is no space until it does.
 *
 * <p>Thread rule: loop-owned.
 */
final class Transmitter {
    /** As many as the fragments of the largest packet at an Ethernet's MTU, and some more. */
    static final int FRAMES = 64;

    private final NetDevice device;
    private final NetDeviceInfo info;
    private final BufferPool pool;
    private final Drops drops;
    private final Counter sentFrames;
    private final Counter sentBytes;
    private final FrameBatch batch = new FrameBatch(FRAMES, FRAMES * Packet.MAX_FRAGMENTS);
    private boolean unflushed;
    private boolean refused;

    Transmitter(NetDevice device, BufferPool pool, Counters counters, Drops drops) {
        this.device = device;
        this.pool = pool;
        this.drops = drops;
        info = device.info();
        sentFrames = counters.counter("uk_net_frames_sent_total", "Frames handed to the device.");
        sentBytes = counters.counter("uk_net_sent_bytes_total", "Bytes of the frames handed to the device.");
    }

    /** How many more frames fit; makes room where there is none. */
    int space() {
        if (batch.frameSpace() == 0) {
            offer();
        }
        return batch.frameSpace();
    }

    /**
     * Sends a packet or an ARP packet; takes all its references.
     *
     * @param packet has 14 bytes free in front
     */
    void send(Packet packet, long mac, int type) {
        if (space() == 0) {
            drops.count(DropReason.FRAME_QUEUE_FULL);
            packet.release();
            return;
        }
        ByteBuf head = packet.buffer(0);
        EthernetHeader.write(
                head, packet.offset(0) - EthernetHeader.BYTES, mac, info.mac().bits(), type);
        packet.prepend(EthernetHeader.BYTES);
        int bytes = packet.bytes();
        if (packet.fragments() <= info.maxFragments()) {
            for (int i = 0; i < packet.fragments(); i++) {
                int offset = packet.offset(i);
                int length = packet.length(i);
                batch.append(packet.take(i), offset, length);
            }
        } else if (!appendAsOne(packet)) {
            drops.count(DropReason.FRAME_NO_BUFFER);
            packet.release();
            return;
        }
        if (packet.checksumOffset >= 0) {
            int transport = Packet.HEADROOM;
            batch.offload(
                    FrameBatch.NEEDS_CHECKSUM,
                    packet.gsoSize > 0 ? FrameBatch.GSO_TCPV4 : FrameBatch.GSO_NONE,
                    packet.gsoSize,
                    transport + packet.transportHeaderBytes,
                    transport,
                    packet.checksumOffset);
        }
        batch.endFrame();
        packet.release();
        sentFrames.increment();
        sentBytes.add(bytes);
    }

    /** For devices that take fewer fragments than the packet has. */
    private boolean appendAsOne(Packet packet) {
        int bytes = packet.bytes();
        ByteBuf buffer = bytes <= pool.maxBytes() ? pool.tryAcquire(bytes) : null;
        if (buffer == null) {
            return false;
        }
        int at = buffer.readerIndex();
        packet.copyTo(0, buffer, at, bytes);
        batch.append(buffer, at, bytes);
        return true;
    }

    private int offer() {
        int before = batch.frames();
        if (before == 0) {
            return 0;
        }
        int accepted = device.offer(batch);
        refused = accepted < before;
        unflushed |= accepted > 0;
        return accepted;
    }

    /** Hands over what waits, and tells the device that this was all for now. */
    int flush() {
        int accepted = offer();
        if (unflushed) {
            unflushed = false;
            device.flush();
        }
        return accepted;
    }

    /** Whether frames wait that the device has not refused: it would not signal for them. */
    boolean hasUnoffered() {
        return unflushed || (!batch.isEmpty() && !refused);
    }

    void close() {
        batch.clear();
        unflushed = false;
    }
}
