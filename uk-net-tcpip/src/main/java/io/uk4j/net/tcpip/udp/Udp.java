package io.uk4j.net.tcpip.udp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EntropySource;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.net.tcpip.Interceptor;
import io.uk4j.net.tcpip.ip.ErrorReporter;
import io.uk4j.net.tcpip.ip.IcmpError;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.ip.Transport;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.util.IntMap;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import io.uk4j.net.tcpip.wire.UdpHeader;
import org.jspecify.annotations.Nullable;

/**
 * UDP (RFC 768) of one stack: which receiver has which port, and the headers.
 *
 * <p>Thread rule: loop-owned.
 */
public final class Udp implements Transport {
    /** Ports that may be open at one time. */
    public static final int PORT_LIMIT = 4096;

    /** The longest payload. */
    public static final int MAX_PAYLOAD_BYTES = Ipv4Header.MAX_PACKET_BYTES - Ipv4Header.BYTES - UdpHeader.BYTES;

    /** The ports that are given out by themselves (RFC 6335, section 6). */
    private static final int FIRST_EPHEMERAL_PORT = 49_152;

    private static final int EPHEMERAL_PORTS = 65_536 - FIRST_EPHEMERAL_PORT;

    private final IpOutput output;
    private final ErrorReporter errors;
    private final BufferPool pool;
    private final EntropySource entropy;
    private final Drops drops;
    private final IntMap<UdpReceiver> ports;
    private final Counter received;
    private final Counter sent;
    private @Nullable ByteBuf large;
    private @Nullable Intercepted intercepted;

    /** Makes UDP without any open port. */
    public Udp(
            IpOutput output,
            ErrorReporter errors,
            BufferPool pool,
            EntropySource entropy,
            Counters counters,
            Drops drops) {
        this.output = output;
        this.errors = errors;
        this.pool = pool;
        this.entropy = entropy;
        this.drops = drops;
        ports = new IntMap<>(PORT_LIMIT, entropy.nextLong());
        received = counters.counter("uk_udp_datagrams_received_total", "UDP datagrams delivered.");
        sent = counters.counter("uk_udp_datagrams_sent_total", "UDP datagrams handed to the internet layer.");
        counters.gauge("uk_udp_ports", "Open UDP ports.", ports::size);
    }

    /**
     * Opens a port.
     *
     * @param port 1 to 65,535, or 0 for a free one, chosen at random (RFC 6056, section 3.3.1)
     * @return the port, or -1 if it is taken, or if none is left
     */
    public int tryOpen(int port, UdpReceiver receiver) {
        if (ports.isFull()) {
            return -1;
        }
        if (port != 0) {
            return ports.get(port) == null && ports.put(port, receiver) ? port : -1;
        }
        int start = (int) (entropy.nextLong() >>> 1) & (EPHEMERAL_PORTS - 1);
        for (int i = 0; i < EPHEMERAL_PORTS; i++) {
            int candidate = FIRST_EPHEMERAL_PORT + ((start + i) & (EPHEMERAL_PORTS - 1));
            if (ports.get(candidate) == null) {
                return ports.put(candidate, receiver) ? candidate : -1;
            }
        }
        return -1;
    }

    /** From now on, what is for no open port goes to the interceptor instead. */
    public void intercept(Interceptor interceptor) {
        intercepted = new Intercepted(interceptor);
    }

    /** Closes a port. */
    public void close(int port) {
        ports.remove(port);
    }

    /**
     * Sends a datagram.
     *
     * @param source the sender's address; 0 takes this host's
     * @param data its readable bytes are the payload; the reference is gone afterwards
     * @return false if it was dropped as there was no room
     */
    public boolean send(int source, int sourcePort, int destination, int destinationPort, ByteBuf data) {
        if (output.space() == 0) {
            data.release();
            return false;
        }
        int payloadBytes = data.readableBytes();
        Packet packet = output.begin();
        packet.source = source == 0 ? output.sourceFor(destination) : source;
        packet.destination = destination;
        packet.protocol = Ipv4Header.PROTOCOL_UDP;
        packet.dontFragment = false;
        int at = data.readerIndex() - UdpHeader.BYTES;
        if (at >= Packet.HEADROOM && data.refCnt() == 1 && data.hasMemoryAddress() && !data.isReadOnly()) {
            packet.append(data, at, UdpHeader.BYTES + payloadBytes);
        } else if (!appendHeaderAndData(packet, data, payloadBytes)) {
            return false;
        }
        int bytes = packet.bytes();
        long pseudo = Checksum.pseudoHeader(packet.source, destination, Ipv4Header.PROTOCOL_UDP, bytes);
        packet.checksumOffset = UdpHeader.CHECKSUM_OFFSET;
        packet.transportHeaderBytes = UdpHeader.BYTES;
        UdpHeader.write(packet.buffer(0), packet.offset(0), sourcePort, destinationPort, bytes, Checksum.fold(pseudo));
        sent.increment();
        output.send(packet);
        return true;
    }

    private boolean appendHeaderAndData(Packet packet, ByteBuf data, int payloadBytes) {
        // What a device cannot reach is copied.
        boolean copied = !data.hasMemoryAddress();
        int bytes = UdpHeader.BYTES + (copied ? payloadBytes : 0);
        ByteBuf header = bytes <= pool.maxBytes() ? pool.tryAcquire(bytes) : null;
        if (header == null) {
            drops.count(DropReason.IP_NO_BUFFER);
            data.release();
            return false;
        }
        int at = header.readerIndex();
        packet.append(header, at, bytes);
        if (copied) {
            header.setBytes(at + UdpHeader.BYTES, data, data.readerIndex(), payloadBytes);
            data.release();
        } else {
            packet.append(data, data.readerIndex(), payloadBytes);
        }
        return true;
    }

    @Override
    public void input(Packet packet, long nowNs) {
        if (packet.bytes() < UdpHeader.BYTES) {
            drops.count(DropReason.UDP_TRUNCATED);
            return;
        }
        ByteBuf head = packet.buffer(0);
        int at = packet.offset(0);
        int bytes = UdpHeader.length(head, at);
        if (bytes < UdpHeader.BYTES || bytes > packet.bytes()) {
            drops.count(DropReason.UDP_TRUNCATED);
            return;
        }
        packet.trim(bytes);
        if (!packet.checksumValid && UdpHeader.checksum(head, at) != 0 && !packet.checksumHolds()) {
            drops.count(DropReason.UDP_CHECKSUM);
            return;
        }
        int port = UdpHeader.destinationPort(head, at);
        UdpReceiver receiver = receiver(packet, port);
        if (receiver == null) {
            drops.count(DropReason.UDP_NO_PORT);
            errors.report(IcmpHeader.DESTINATION_UNREACHABLE, IcmpHeader.CODE_PORT, packet);
            return;
        }
        int sourcePort = UdpHeader.sourcePort(head, at);
        int payloadBytes = bytes - UdpHeader.BYTES;
        // Several that were put together below are taken apart; a receiver may close its port at any of them.
        int each = packet.gsoSize == 0 ? payloadBytes : Math.min(packet.gsoSize, payloadBytes);
        int done = 0;
        do {
            deliver(packet, receiver, sourcePort, done, Math.min(each, payloadBytes - done));
            done += each;
            receiver = receiver(packet, port);
        } while (done < payloadBytes && receiver != null);
    }

    private @Nullable UdpReceiver receiver(Packet packet, int port) {
        UdpReceiver receiver = ports.get(port);
        if (receiver == null && intercepted != null && !packet.broadcast) {
            intercepted.destination = packet.destination;
            intercepted.destinationPort = port;
            receiver = intercepted;
        }
        return receiver;
    }

    private void deliver(Packet packet, UdpReceiver receiver, int sourcePort, int skip, int payloadBytes) {
        received.increment();
        if (packet.length(0) == packet.bytes()) {
            int at = packet.offset(0) + UdpHeader.BYTES + skip;
            receiver.datagram(packet.source, sourcePort, packet.buffer(0), at, payloadBytes);
        } else {
            inOnePiece(packet, receiver, sourcePort, UdpHeader.BYTES + skip, payloadBytes);
        }
    }

    private void inOnePiece(Packet packet, UdpReceiver receiver, int sourcePort, int from, int payloadBytes) {
        ByteBuf whole = payloadBytes <= pool.maxBytes() ? pool.tryAcquire(payloadBytes) : largeBuffer();
        if (whole == null) {
            drops.count(DropReason.IP_NO_BUFFER);
            return;
        }
        try {
            int at = whole.readerIndex();
            packet.copyTo(from, whole, at, payloadBytes);
            receiver.datagram(packet.source, sourcePort, whole, at, payloadBytes);
        } finally {
            whole.release();
        }
    }

    /** One buffer for datagrams that no slot of the pool holds, with a reference for the caller; replaced if it was kept. */
    private ByteBuf largeBuffer() {
        ByteBuf buffer = large;
        if (buffer == null || buffer.refCnt() != 1) {
            if (buffer != null) {
                buffer.release();
            }
            buffer = Unpooled.directBuffer(MAX_PAYLOAD_BYTES);
            large = buffer;
        }
        return buffer.retain();
    }

    /** Tells the interceptor what a receiver need not be told: whom the datagram at hand was for. */
    private static final class Intercepted implements UdpReceiver {
        private final Interceptor interceptor;
        private int destination;
        private int destinationPort;

        Intercepted(Interceptor interceptor) {
            this.interceptor = interceptor;
        }

        @Override
        public void datagram(int source, int sourcePort, ByteBuf data, int offset, int length) {
            interceptor.onDatagram(source, sourcePort, destination, destinationPort, data, offset, length);
        }

        @Override
        public void unreachable(int to, int toPort) {}
    }

    @Override
    public void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {
        UdpReceiver receiver = ports.get((int) (transportHead >>> 48));
        if (receiver == null) {
            drops.count(DropReason.ICMP_QUOTE);
        } else if (kind == IcmpError.TOO_BIG) {
            output.lowerMtu(destination, mtuBytes);
        } else {
            receiver.unreachable(destination, (int) (transportHead >>> 32) & 0xffff);
        }
    }

    @Override
    public int output(long nowNs) {
        return 0;
    }

    @Override
    public boolean acceptsBroadcast() {
        return true;
    }

    @Override
    public void close() {
        if (large != null) {
            large.release();
            large = null;
        }
    }
}
