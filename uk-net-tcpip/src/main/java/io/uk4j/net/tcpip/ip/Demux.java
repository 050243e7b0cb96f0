package io.uk4j.net.tcpip.ip;

import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.IcmpHeader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which transport speaks which protocol.
 *
 * <p>Thread rule: loop-owned.
 */
public final class Demux {
    private final ErrorReporter errors;
    private final Drops drops;
    private final @Nullable Transport[] byProtocol = new Transport[256];
    private Transport[] all = {};
    private int first;

    /** Makes an empty table. */
    public Demux(ErrorReporter errors, Drops drops) {
        this.errors = errors;
        this.drops = drops;
    }

    /**
     * Adds a transport.
     *
     * @param protocol its number, 0 to 255
     * @throws IllegalStateException if that protocol has one already
     */
    public void register(int protocol, Transport transport) {
        if (byProtocol[protocol] != null) {
            throw new IllegalStateException("Protocol " + protocol + " has a transport already.");
        }
        byProtocol[protocol] = transport;
        all = Arrays.copyOf(all, all.length + 1);
        all[all.length - 1] = transport;
    }

    /** Hands a packet to its transport. The caller releases what the transport did not take. */
    public void deliver(Packet packet, long nowNs) {
        Transport transport = byProtocol[packet.protocol];
        if (packet.broadcast && (transport == null || !transport.acceptsBroadcast())) {
            drops.count(DropReason.IP_BROADCAST);
        } else if (transport == null) {
            drops.count(DropReason.IP_PROTOCOL);
            errors.report(IcmpHeader.DESTINATION_UNREACHABLE, IcmpHeader.CODE_PROTOCOL, packet);
        } else {
            transport.input(packet, nowNs);
        }
    }

    /** Hands an error to the transport whose packet it is about; the arguments are as in {@link Transport#error}. */
    public void error(int protocol, IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {
        Transport transport = byProtocol[protocol];
        if (transport != null) {
            transport.error(kind, source, destination, transportHead, mtuBytes);
        }
    }

    /** Lets each transport send, another one first in each round. */
    public int output(long nowNs) {
        int sent = 0;
        int count = all.length;
        for (int i = 0; i < count; i++) {
            sent += all[(first + i) % count].output(nowNs);
        }
        first = count == 0 ? 0 : (first + 1) % count;
        return sent;
    }

    /** Closes all transports. */
    public void close() {
        for (Transport transport : all) {
            transport.close();
        }
    }
}
