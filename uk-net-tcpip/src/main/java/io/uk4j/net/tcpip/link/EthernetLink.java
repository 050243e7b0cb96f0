package io.uk4j.net.tcpip.link;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.net.tcpip.ip.Addressing;
import io.uk4j.net.tcpip.ip.Link;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import org.jspecify.annotations.Nullable;

/**
 * Ethernet (RFC 894) over one device: filters what comes in, and finds out where to send what goes out.
 *
 * <p>Thread rule: loop-owned.
 */
public final class EthernetLink implements Link, NeighbourCache.Wire {
    /** Takes the IPv4 packets that arrive. */
    public interface Input {
        /**
         * A frame with an IPv4 packet.
         *
         * @param batch where it is; buffers that are kept are taken out of it
         * @param frame which one; fragment 0 holds its Ethernet header
         * @param group whether it was sent to everybody
         */
        void input(FrameBatch batch, int frame, boolean group, long nowNs);

        /** A packet, its IP header included, could not be sent, as nobody answered for the next hop's address. */
        void unresolved(Packet packet);
    }

    private final NetDevice device;
    private final NetDeviceInfo info;
    private final long mac;
    private final Drops drops;
    private final Transmitter transmitter;
    private final NeighbourCache neighbours;
    private final Arp arp;
    private final Counter receivedFrames;
    private final Counter receivedBytes;
    private final FrameBatch received =
            new FrameBatch(FrameBatch.DEFAULT_FRAMES, FrameBatch.DEFAULT_FRAMES * Packet.MAX_FRAGMENTS);

    private @Nullable Input input;
    private boolean receiving;
    private boolean closed;

    /** Makes the link over a device, which {@link #close} closes. */
    public EthernetLink(
            Addressing addressing,
            EventLoop loop,
            NetDevice device,
            BufferPool pool,
            long secret,
            Counters counters,
            Drops drops) {
        this.device = device;
        this.drops = drops;
        info = device.info();
        mac = info.mac().bits();
        transmitter = new Transmitter(device, pool, counters, drops);
        neighbours = new NeighbourCache(loop, this, secret, drops);
        arp = new Arp(addressing, loop, mac, pool, transmitter, counters, drops);
        receivedFrames = counters.counter("uk_net_frames_received_total", "Frames received from the device.");
        receivedBytes =
                counters.counter("uk_net_received_bytes_total", "Bytes of the frames received from the device.");
        counters.gauge("uk_arp_entries", "Entries of the ARP cache.", neighbours::size);
    }

    /**
     * Announces this host; from now on frames are received.
     *
     * @param to where their packets go
     */
    public void start(Input to) {
        input = to;
        arp.announce();
    }

    /**
     * Receives a batch of frames.
     *
     * @return how many
     */
    public int receive(long nowNs) {
        Input to = input;
        if (to == null) {
            return 0;
        }
        neighbours.beginRound(nowNs);
        device.poll(received);
        int frames = received.frames();
        int done = 0;
        receiving = true;
        try {
            // Who hears of a frame may close the stack.
            while (done < frames && !closed) {
                receive(to, done++, nowNs);
            }
        } finally {
            receiving = false;
            // An exception of the application's must not cost the frames behind the one it was about.
            received.releaseFirst(closed ? frames : done);
        }
        return frames;
    }

    private void receive(Input to, int frame, long nowNs) {
        receivedFrames.increment();
        receivedBytes.add(received.frameBytes(frame));
        ByteBuf buffer = received.buffer(frame, 0);
        int at = received.offset(frame, 0);
        int length = received.length(frame, 0);
        if (length < EthernetHeader.BYTES) {
            drops.count(DropReason.FRAME_RUNT);
            return;
        }
        long destination = EthernetHeader.destination(buffer, at);
        long source = EthernetHeader.source(buffer, at);
        boolean group = destination == EthernetHeader.BROADCAST;
        if (destination != mac && !group) {
            drops.count(EthernetHeader.isGroup(destination) ? DropReason.FRAME_MULTICAST : DropReason.FRAME_NOT_FOR_US);
        } else if (source == mac || EthernetHeader.isGroup(source)) {
            drops.count(DropReason.FRAME_SOURCE);
        } else {
            switch (EthernetHeader.type(buffer, at)) {
                case EthernetHeader.TYPE_IPV4 -> to.input(received, frame, group, nowNs);
                case EthernetHeader.TYPE_ARP ->
                    arp.input(buffer, at + EthernetHeader.BYTES, length - EthernetHeader.BYTES, source, neighbours);
                default -> drops.count(DropReason.FRAME_TYPE);
            }
        }
    }

    /**
     * Hands what waits to the device.
     *
     * @return how many frames it took
     */
    public int flush() {
        return transmitter.flush();
    }

    /**
     * Asks the device for a signal.
     *
     * @return whether there is work already
     */
    public boolean arm() {
        return !received.isEmpty() || transmitter.hasUnoffered() || device.arm();
    }

    @Override
    public NetDeviceInfo info() {
        return info;
    }

    @Override
    public void send(Packet packet, int nextHop) {
        neighbours.send(packet, nextHop);
    }

    @Override
    public void sendTo(Packet packet, long to) {
        transmitter.send(packet, to, EthernetHeader.TYPE_IPV4);
    }

    @Override
    public int space() {
        return transmitter.space();
    }

    @Override
    public void request(int address, long to) {
        arp.request(address, to);
    }

    @Override
    public void resolved(Packet packet, long to) {
        transmitter.send(packet, to, EthernetHeader.TYPE_IPV4);
    }

    @Override
    public void unresolved(Packet packet) {
        Input to = input;
        if (to != null) {
            to.unresolved(packet);
        }
    }

    /** Releases all buffers and closes the device. Within {@link #receive}, the frame at hand stays until that returns. */
    public void close() {
        closed = true;
        arp.close();
        neighbours.close();
        if (!receiving) {
            received.clear();
        }
        transmitter.close();
        device.close();
    }
}
