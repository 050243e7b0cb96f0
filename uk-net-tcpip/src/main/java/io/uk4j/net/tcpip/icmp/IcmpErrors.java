package io.uk4j.net.tcpip.icmp;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.net.tcpip.ip.ErrorReporter;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;

/**
 * Sends ICMP errors: never about errors, nor about what was sent to everybody (RFC 1122, section 3.2.2), and at most 1,000
 * a second, 50 of them at once. An error quotes as much of the packet as a message of 576 bytes holds (RFC 1812, section
 * 4.3.2.3).
 *
 * <p>Thread rule: loop-owned.
 */
public final class IcmpErrors implements ErrorReporter {
    private static final int PER_SECOND = 1000;
    private static final int BURST = 50;
    private static final int MAX_QUOTE_BYTES = 576 - Ipv4Header.BYTES - IcmpHeader.BYTES;

    private final IpOutput output;
    private final BufferPool pool;
    private final Clock clock;
    private final TokenBucket bucket;
    private final Counter sent;
    private final Counter suppressed;

    /** Makes a reporter that sends by {@code output}. */
    public IcmpErrors(IpOutput output, BufferPool pool, Clock clock, Counters counters) {
        this.output = output;
        this.pool = pool;
        this.clock = clock;
        bucket = new TokenBucket(PER_SECOND, BURST, clock.nowNs());
        sent = counters.counter("uk_icmp_errors_sent_total", "ICMP errors sent.");
        suppressed = counters.counter(
                "uk_icmp_errors_suppressed_total", "ICMP errors not sent: over the rate limit, or no buffer left.");
    }

    @Override
    public void report(int type, int code, Packet about) {
        if (about.broadcast || about.networkHeaderBytes == 0 || isError(about)) {
            return;
        }
        int quoteBytes = Math.min(about.networkHeaderBytes + about.bytes(), MAX_QUOTE_BYTES);
        ByteBuf buffer = bucket.tryTake(clock.nowNs()) ? pool.tryAcquire(IcmpHeader.BYTES + quoteBytes) : null;
        if (buffer == null) {
            suppressed.increment();
            return;
        }
        int at = buffer.readerIndex();
        IcmpHeader.write(buffer, at, type, code);
        int headerBytes = about.networkHeaderBytes;
        buffer.setBytes(at + IcmpHeader.BYTES, about.buffer(0), about.offset(0) - headerBytes, headerBytes);
        about.copyTo(0, buffer, at + IcmpHeader.BYTES + headerBytes, quoteBytes - headerBytes);
        int bytes = IcmpHeader.BYTES + quoteBytes;
        IcmpHeader.setChecksum(buffer, at, Checksum.finish(Checksum.sum(buffer, at, bytes)));
        Packet packet = output.begin();
        packet.destination = about.source;
        packet.protocol = Ipv4Header.PROTOCOL_ICMP;
        packet.append(buffer, at, bytes);
        sent.increment();
        output.send(packet);
    }

    private static boolean isError(Packet packet) {
        if (packet.protocol != Ipv4Header.PROTOCOL_ICMP) {
            return false;
        }
        return packet.length(0) < IcmpHeader.BYTES
                || IcmpHeader.type(packet.buffer(0), packet.offset(0)) != IcmpHeader.ECHO;
    }
}
