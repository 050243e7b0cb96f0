package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.RawHost.PEER;
import static io.uk4j.net.tcpip.RawHost.SECOND_NS;
import static io.uk4j.net.tcpip.RawHost.STACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.wire.ArpPacket;
import io.uk4j.net.tcpip.wire.EthernetHeader;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Valid frames with a few bytes changed, cut or added: no exception, no buffer lost, still serving. */
class MutationTest {
    private static final int MUTANTS = 100_000;
    private static final long SEED = 20261121;

    @Test
    void survivesMutants() {
        Random random = new Random(SEED);
        try (RawHost host = new RawHost(SEED, builder -> builder)) {
            host.introduce();
            int[] echoed = new int[1];
            host.stack.openUdp(7, (socket, source, port, data, offset, length) -> {
                echoed[0]++;
                if (port != 0) {
                    ByteBuf copy = data.copy(offset, length);
                    boolean _ = socket.send(source, port, copy);
                }
            });
            List<byte[]> seeds = seeds(host);
            for (int i = 0; i < MUTANTS; i++) {
                host.send(mutate(random, seeds.get(random.nextInt(seeds.size()))));
                if (i % 16 == 0) {
                    host.run();
                    host.received.clear();
                }
                if (i % 1000 == 0) {
                    host.simulation.runFor(SECOND_NS / 10);
                }
            }
            host.run();
            assertTrue(host.allDrops() > MUTANTS / 4, "drops: " + host.allDrops() + ", seed " + SEED);
            assertEquals(0, failures(host), "exceptions in the loop, seed " + SEED);
            assertTrue(echoed[0] > 1000, "mutants that still made sense: " + echoed[0]);

            // Everything that was held has its time.
            host.simulation.runFor(2 * 3600 * SECOND_NS);
            assertEquals(host.pool.capacityBytes(), host.pool.availableBytes(), "seed " + SEED);
            host.introduce();
            host.sendIp(Bytes.ipv4(PEER, STACK, 17, Bytes.udp(PEER, 9, STACK, 7, new byte[3])));
            host.run();
            assertEquals(1, host.received.size(), "still serving, seed " + SEED);
        }
    }

    private static long failures(RawHost host) {
        long[] sum = {0};
        host.loopCounters.forEach((name, labels, help, counter, value) -> {
            if (name.equals("uk_sched_failures_total")) {
                sum[0] += value;
            }
        });
        return sum[0];
    }

    private static List<byte[]> seeds(RawHost host) {
        byte[] udp = Bytes.udp(PEER, 9, STACK, 7, Bytes.counting(64));
        byte[] sent = Bytes.ipv4(STACK, PEER, 17, Bytes.udp(STACK, 7, PEER, 9, Bytes.counting(32)));
        List<byte[]> packets = new ArrayList<>(List.of(
                Bytes.ipv4(PEER, STACK, 17, udp),
                Bytes.withOptions(Bytes.ipv4(PEER, STACK, 17, udp), new byte[] {1, 7, 7, 4, 0, 0, 0, 0}),
                Bytes.ipv4(PEER, STACK, 17, 5, Ipv4Header.MORE_FRAGMENTS, Bytes.slice(udp, 0, 32)),
                Bytes.ipv4(PEER, STACK, 17, 5, 4, Bytes.slice(udp, 32, 72)),
                Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(8, 0, 1, Bytes.counting(56))),
                Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 3, 0, sent)),
                Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(3, 4, 576, sent)),
                Bytes.ipv4(PEER, STACK, 1, Bytes.icmp(11, 1, 0, sent)),
                Bytes.ipv4(PEER, STACK, 6, new byte[40])));
        List<byte[]> frames = new ArrayList<>();
        for (byte[] packet : packets) {
            frames.add(Bytes.ethernet(host.stackMac, host.peerMac, EthernetHeader.TYPE_IPV4, packet));
        }
        frames.add(Bytes.ethernet(
                EthernetHeader.BROADCAST,
                host.peerMac,
                EthernetHeader.TYPE_ARP,
                Bytes.arp(ArpPacket.REQUEST, host.peerMac, PEER, 0, STACK)));
        frames.add(Bytes.ethernet(
                host.stackMac,
                host.peerMac,
                EthernetHeader.TYPE_ARP,
                Bytes.arp(ArpPacket.REPLY, host.peerMac, PEER, host.stackMac, STACK)));
        return frames;
    }

    private static byte[] mutate(Random random, byte[] frame) {
        byte[] mutant = frame.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(6)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt(256);
                case 2 -> mutant[at] = (byte) (random.nextBoolean() ? 0xff : 0);
                case 3 -> mutant = Arrays.copyOf(mutant, Math.max(14, random.nextInt(mutant.length + 1)));
                case 4 -> mutant = Arrays.copyOf(mutant, mutant.length + random.nextInt(40));
                default -> {
                    int from = random.nextInt(mutant.length);
                    int length = Math.min(random.nextInt(9), mutant.length - Math.max(at, from));
                    System.arraycopy(mutant, from, mutant, at, length);
                }
            }
        }
        // Most mutants would die of their header's checksum, and try nothing behind it.
        if (mutant.length >= 34 && random.nextInt(4) != 0 && mutant[12] == 8 && mutant[13] == 0) {
            byte[] packet = Bytes.fixHeaderChecksum(Bytes.slice(mutant, 14, mutant.length));
            System.arraycopy(packet, 0, mutant, 14, packet.length);
        }
        return mutant;
    }
}
