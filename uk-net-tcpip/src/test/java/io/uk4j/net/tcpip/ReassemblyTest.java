package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.RawHost.PEER;
import static io.uk4j.net.tcpip.RawHost.SECOND_NS;
import static io.uk4j.net.tcpip.RawHost.STACK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.stats.DropReason;
import io.uk4j.net.tcpip.wire.Ipv4Header;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReassemblyTest {
    private static final long SEED = 815;

    private final byte[] payload = Bytes.counting(2900);
    private final byte[] datagram = Bytes.udp(PEER, 9, STACK, 5000, payload);
    private final List<byte[]> arrived = new ArrayList<>();

    @Test
    void joinsFragmentsInAnyOrder() {
        Random random = new Random(SEED);
        try (RawHost host = listening()) {
            for (int round = 0; round < 200; round++) {
                List<byte[]> fragments = new ArrayList<>();
                for (int at = 0; at < datagram.length; ) {
                    int end = Math.min(datagram.length, at + 8 * (8 + random.nextInt(170)));
                    fragments.add(fragment(round, at, end));
                    at = end;
                }
                Collections.shuffle(fragments, random);
                fragments.forEach(host::sendIp);
                host.run();
                assertEquals(round + 1, arrived.size(), "round " + round + ", seed " + SEED);
                assertArrayEquals(payload, arrived.getLast());
            }
            assertEquals(0, host.allDrops());
        }
    }

    @Test
    void keepsPacketsApartBySourceAndIdentification() {
        int other = Ipv4Address.parse("10.0.2.3").bits();
        byte[] otherDatagram = Bytes.udp(other, 9, STACK, 5000, new byte[100]);
        try (RawHost host = listening()) {
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(2, 0, 1480));
            host.sendIp(Bytes.ipv4(other, STACK, 17, 1, 0x2000, Bytes.slice(otherDatagram, 0, 64)));
            host.sendIp(Bytes.ipv4(other, STACK, 17, 1, 8, Bytes.slice(otherDatagram, 64, 108)));
            host.sendIp(fragment(2, 1480, 2908));
            host.run();
            assertEquals(2, arrived.size());
            assertArrayEquals(new byte[100], arrived.getFirst());
            assertArrayEquals(payload, arrived.getLast());
        }
    }

    @Test
    void ignoresTheSameFragmentTwice() {
        try (RawHost host = listening()) {
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(1, 1480, 2908));
            host.run();
            assertArrayEquals(payload, arrived.getFirst());
            assertEquals(1, host.drops(DropReason.FRAGMENT_DUPLICATE));
        }
    }

    @Test
    void givesUpAPacketWhoseFragmentsOverlap() {
        try (RawHost host = listening()) {
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(1, 1472, 2000));
            host.sendIp(fragment(1, 1480, 2908));
            host.sendIp(fragment(1, 0, 1480));
            host.run();
            assertEquals(List.of(), arrived);
            assertEquals(3, host.drops(DropReason.FRAGMENT_OVERLAP));
            host.simulation.runFor(31 * SECOND_NS);
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(1, 1480, 2908));
            host.run();
            assertEquals(1, arrived.size(), "after its time, the identification is free again");
        }
    }

    @Test
    void givesUpAPacketWithTwoEnds() {
        for (int[] ends : new int[][] {{1480, 2000, 2908}, {1480, 2908, 2000}}) {
            try (RawHost host = listening()) {
                host.sendIp(Bytes.ipv4(PEER, STACK, 17, 1, 1480 / 8, Bytes.slice(datagram, 1480, ends[1])));
                host.sendIp(Bytes.ipv4(PEER, STACK, 17, 1, 2000 / 8, Bytes.slice(datagram, 2000, 2908)));
                host.sendIp(fragment(1, 0, 1480));
                host.run();
                assertEquals(List.of(), arrived);
                assertTrue(host.drops(DropReason.FRAGMENT_OVERLAP) >= 2);
            }
        }
    }

    @Test
    void tellsTheSenderWhenTheTimeIsOver() {
        try (RawHost host = listening()) {
            host.sendIp(fragment(1, 0, 1480));
            host.sendIp(fragment(2, 1480, 2908));
            host.simulation.runFor(29 * SECOND_NS);
            assertEquals(List.of(), host.received);
            host.simulation.runFor(2 * SECOND_NS);
            byte[] error = host.onlyPacket();
            assertEquals(11, error[20]);
            assertEquals(1, error[21]);
            assertArrayEquals(
                    Bytes.slice(fragment(1, 0, 1480), 0, 548),
                    Bytes.slice(error, 28, error.length),
                    "the first fragment");
            assertEquals(2, host.drops(DropReason.FRAGMENT_TIMEOUT));
            host.sendIp(fragment(1, 1480, 2908));
            host.run();
            assertEquals(List.of(), arrived);
        }
    }

    @Test
    void staysBoundedInPacketsAndMemory() {
        try (RawHost host = listening()) {
            for (int id = 0; id < 1000; id++) {
                host.sendIp(fragment(id, 0, 8));
                host.sendIp(fragment(id, 16, 24));
                host.run();
                long held = host.pool.capacityBytes() - host.pool.availableBytes();
                assertTrue(held <= host.pool.capacityBytes() / 8, "bytes held: " + held);
            }
            assertTrue(host.drops(DropReason.FRAGMENT_EVICTED) > 900);
            host.sendIp(fragment(5000, 0, 1480));
            host.sendIp(fragment(5000, 1480, 2908));
            host.run();
            assertEquals(1, arrived.size(), "newcomers still get their turn");
        }
    }

    @Test
    void refusesFragmentsThatNobodyHonestSends() {
        try (RawHost host = listening()) {
            host.sendIp(Bytes.ipv4(PEER, STACK, 17, 1, 0x2000, new byte[0]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 17, 1, 0x2000, new byte[12]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 17, 1, 0x1fff, new byte[1000]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 6, 1, 0x2000, new byte[16]));
            host.sendIp(Bytes.ipv4(PEER, STACK, 6, 1, 0x2001, new byte[16]));
            host.run();
            assertEquals(5, host.drops(DropReason.FRAGMENT_MALFORMED));
            host.simulation.runFor(60 * SECOND_NS);
            assertEquals(List.of(), host.received);
        }
    }

    private byte[] fragment(int id, int start, int end) {
        int more = end < datagram.length ? Ipv4Header.MORE_FRAGMENTS : 0;
        return Bytes.ipv4(PEER, STACK, 17, id, more | (start / 8), Bytes.slice(datagram, start, end));
    }

    private RawHost listening() {
        RawHost host = RawHost.known();
        host.stack.openUdp(5000, (socket, source, port, data, offset, length) -> {
            byte[] bytes = new byte[length];
            data.getBytes(offset, bytes);
            arrived.add(bytes);
        });
        return host;
    }
}
