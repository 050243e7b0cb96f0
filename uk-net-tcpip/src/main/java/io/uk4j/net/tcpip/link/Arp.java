package io.uk4j.net.tcpip.link;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.MacAddress;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.ip.Addressing;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.stats.Drops;
import io.uk4j.net.tcpip.wire.ArpPacket;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks ARP (RFC 826): answers for this host, announces it, and notices whoever claims the same address (RFC 5227,
 * sections 2.3 and 2.4): it is defended, at most every ten seconds, and never given up, as it was configured by a person.
 *
 * <p>Thread rule: loop-owned.
 */
final class Arp {
    static final int ANNOUNCEMENTS = 2;
    static final long ANNOUNCE_INTERVAL_NS = 2_000_000_000L;
    static final long DEFEND_INTERVAL_NS = 10_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(Arp.class);

    private final Addressing addressing;
    private final EventLoop loop;
    private final long mac;
    private final BufferPool pool;
    private final Transmitter transmitter;
    private final Drops drops;
    private final Counter conflicts;
    private final Timer announceTimer;
    private final Packet outbound = new Packet();
    private int announced;
    private boolean conflictTold;
    private long defendedNs;

    Arp(
            Addressing addressing,
            EventLoop loop,
            long mac,
            BufferPool pool,
            Transmitter transmitter,
            Counters counters,
            Drops drops) {
        this.addressing = addressing;
        this.loop = loop;
        this.mac = mac;
        this.pool = pool;
        this.transmitter = transmitter;
        this.drops = drops;
        conflicts = counters.counter(
                "uk_arp_conflicts_total", "ARP packets of another station that claims this host's address.");
        announceTimer = loop.newTimer(this::announce);
    }

    /** Tells everybody who this host is, and once more a little later. */
    void announce() {
        send(ArpPacket.REQUEST, EthernetHeader.BROADCAST, addressing.address(), 0, addressing.address());
        if (++announced < ANNOUNCEMENTS) {
            announceTimer.schedule(loop.clock().nowNs() + ANNOUNCE_INTERVAL_NS);
        }
    }

    void request(int address, long toMac) {
        send(ArpPacket.REQUEST, toMac, addressing.address(), toMac == EthernetHeader.BROADCAST ? 0 : toMac, address);
    }

    /** Takes a received ARP packet, which is only read. */
    void input(ByteBuf buffer, int at, int length, long frameSource, NeighbourCache neighbours) {
        if (!ArpPacket.isValid(buffer, at, length)) {
            drops.count(DropReason.ARP_MALFORMED);
            return;
        }
        long senderMac = ArpPacket.senderMac(buffer, at);
        int sender = ArpPacket.senderAddress(buffer, at);
        int asked = ArpPacket.targetAddress(buffer, at);
        boolean forUs = addressing.answersFor(asked, sender);
        boolean reply = ArpPacket.operation(buffer, at) == ArpPacket.REPLY;
        if (senderMac != frameSource || EthernetHeader.isGroup(senderMac)) {
            drops.count(DropReason.ARP_SENDER);
        } else if (sender == addressing.address()) {
            conflict(senderMac);
        } else if (sender == 0) {
            // Somebody looks whether he may take an address (RFC 5227, section 2.1.1): not this one.
            if (forUs && !reply) {
                send(ArpPacket.REPLY, senderMac, asked, senderMac, 0);
            }
        } else if (!addressing.isOtherHost(sender) || !addressing.isOnLink(sender)) {
            drops.count(DropReason.ARP_SENDER);
        } else {
            neighbours.learn(sender, senderMac, forUs, reply);
            if (forUs && !reply) {
                send(ArpPacket.REPLY, senderMac, asked, senderMac, sender);
            }
        }
    }

    private void conflict(long otherMac) {
        conflicts.increment();
        long nowNs = loop.clock().nowNs();
        if (!conflictTold) {
            conflictTold = true;
            LOG.warn(
                    "The station {} uses this host's address {} as well; one of the two must get another.",
                    new MacAddress(otherMac),
                    new Ipv4Address(addressing.address()));
        } else if (nowNs - defendedNs < DEFEND_INTERVAL_NS) {
            return;
        }
        defendedNs = nowNs;
        send(ArpPacket.REQUEST, EthernetHeader.BROADCAST, addressing.address(), 0, addressing.address());
    }

    private void send(int operation, long toMac, int ownAddress, long otherMac, int otherAddress) {
        ByteBuf buffer = pool.tryAcquire(ArpPacket.BYTES);
        if (buffer == null) {
            drops.count(DropReason.FRAME_NO_BUFFER);
            return;
        }
        int at = buffer.readerIndex();
        ArpPacket.write(buffer, at, operation, mac, ownAddress, otherMac, otherAddress);
        outbound.reset();
        outbound.append(buffer, at, ArpPacket.BYTES);
        transmitter.send(outbound, toMac, EthernetHeader.TYPE_ARP);
    }

    void close() {
        announceTimer.cancel();
    }
}
