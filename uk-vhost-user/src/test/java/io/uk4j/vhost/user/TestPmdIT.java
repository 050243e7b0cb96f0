package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Duty;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.testkit.Requirements;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network driver over vhost-user against DPDK's testpmd. */
class TestPmdIT {
    private static final long LIMIT_NS = 20_000_000_000L;

    @TempDir
    private Path folder;

    private final UnixPlatform platform = UnixPlatform.create();
    private final MetricRegistry counters = new MetricRegistry();
    private final PacketPool pool = PacketPool.builder(platform.pages())
            .budgetBytes(32 << 20)
            .trackLeaks(true)
            .build();
    private final Waiter waiter = platform.newWaiter();

    @BeforeEach
    void require() {
        Requirements.commands("dpdk-testpmd");
    }

    @AfterEach
    void close() {
        waiter.close();
        pool.close();
        platform.close();
    }

    private NetDevice open(TestPmd peer, String... settings) {
        return new VhostUserNetProvider().open(Contexts.context(platform, counters, pool, settings), peer.socket());
    }

    private void waitFor(NetDevice device) {
        if (!device.arm()) {
            waiter.await(Math.min(device.nextDeadlineNs(), platform.clock().nowNs() + 1_000_000));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "mrg_rxbuf",
                "event_idx",
                "indirect_desc",
                "guest_tso4,guest_tso6,mrg_rxbuf",
                "indirect_desc,event_idx,mrg_rxbuf,csum,guest_csum,in_order",
                "ring_packed",
                "ring_packed,mrg_rxbuf",
                "ring_packed,event_idx",
                "ring_packed,guest_tso4,guest_tso6,mrg_rxbuf",
                "ring_packed,indirect_desc,event_idx,mrg_rxbuf,csum,guest_csum,in_order"
            })
    void whatIsSentComesBackWithItsAddressesSwapped(String without) {
        try (TestPmd peer = new TestPmd(folder, "", List.of(), "--forward-mode=macswap");
                NetDevice device = open(peer, "uk.virtio.without=" + without)) {
            waiter.register(device.source());
            int total = 3000;
            int sent = 0;
            int received = 0;
            long start = System.nanoTime();
            FrameBatch out = new FrameBatch();
            FrameBatch in = new FrameBatch();
            while (received < total) {
                assertTrue(System.nanoTime() - start < LIMIT_NS, () -> "too slow: " + counters.text() + peer.text());
                // No more under way than we have buffers for, for testpmd drops what does not fit.
                while (sent < total && sent - received < 16 && out.frameSpace() > 0 && out.fragmentSpace() > 1) {
                    append(out, sent);
                    sent++;
                }
                device.offer(out);
                device.flush();
                if (device.poll(in) == 0) {
                    waitFor(device);
                }
                for (int i = 0; i < in.frames(); i++) {
                    checkSwapped(in, i, received + i);
                }
                received += in.frames();
                in.clear();
            }
            out.clear();
            waiter.unregister(device.source());
            String told = device.describe();
            assertTrue(
                    told.contains(without.contains("ring_packed") ? "split queues of 256" : "packed queues of 256"),
                    told);
            for (String feature : without.split(",", -1)) {
                assertTrue(
                        feature.isEmpty()
                                || !told.substring(told.indexOf("settled")).contains(feature),
                        told);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ring_packed"})
    void framesGoByAllQueuesAndComeBack(String without) {
        try (TestPmd peer =
                        new TestPmd(folder, ",queues=2", List.of(), "--forward-mode=macswap", "--rxq=2", "--txq=2");
                NetDevice device = open(peer, "uk.virtio.without=" + without, "uk.virtio.queues=2")) {
            waiter.register(device.source());
            int total = 2000;
            int sent = 0;
            int received = 0;
            long start = System.nanoTime();
            FrameBatch out = new FrameBatch();
            FrameBatch in = new FrameBatch();
            int[] last = new int[8];
            while (received < total) {
                assertTrue(System.nanoTime() - start < LIMIT_NS, () -> "too slow: " + counters.text() + peer.text());
                while (sent < total && sent - received < 16 && out.frameSpace() > 0) {
                    appendUdp(out, sent++);
                }
                device.offer(out);
                device.flush();
                if (device.poll(in) == 0) {
                    waitFor(device);
                }
                for (int i = 0; i < in.frames(); i++) {
                    int number = in.buffer(i, 0).getInt(in.offset(i, 0) + 42);
                    assertTrue(number >= last[number % 8], "the frames of a flow stay in order");
                    last[number % 8] = number;
                }
                received += in.frames();
                in.clear();
            }
            waiter.unregister(device.source());
            assertTrue(device.describe().contains("2 of 2 pairs of "), device.describe());
            long first = peer.forwarded(0);
            long second = peer.forwarded(1);
            assertEquals(total, first + second);
            assertTrue(first > 0 && second > 0, first + " and " + second);
        }
    }

    /** UDP over IPv4, of one of eight flows, with a number as its payload. */
    private void appendUdp(FrameBatch batch, int number) {
        ByteBuf buffer = pool.tryAcquire(60);
        assertNotNull(buffer);
        int start = buffer.readerIndex();
        buffer.writeZero(60);
        buffer.setByte(start, 2);
        buffer.setByte(start + 6, 2);
        buffer.setShort(start + 12, 0x0800);
        buffer.setByte(start + 14, 0x45);
        buffer.setByte(start + 23, 17);
        buffer.setShort(start + 34, 1000 + number % 8);
        buffer.setInt(start + 42, number);
        batch.append(buffer, start, 60);
        batch.endFrame();
    }

    private static int length(int number) {
        return 60 + number * 37 % 1400;
    }

    private void append(FrameBatch batch, int number) {
        int length = length(number);
        ByteBuf buffer = pool.tryAcquire(length);
        assertNotNull(buffer);
        buffer.writeMedium(0x021122).writeMedium(0x334455);
        buffer.writeMedium(0x026677).writeMedium(0x8899aa);
        buffer.writeShort(0x88b5).writeInt(number);
        while (buffer.readableBytes() < length) {
            buffer.writeByte(number + buffer.readableBytes());
        }
        int start = buffer.readerIndex();
        if (number % 3 == 0) {
            // In two fragments, the second one in the middle of a header.
            batch.append(buffer.retain(), start, 20);
            batch.append(buffer, start + 20, length - 20);
        } else {
            batch.append(buffer, start, length);
        }
        batch.endFrame();
    }

    private static void checkSwapped(FrameBatch batch, int frame, int number) {
        assertEquals(length(number), batch.frameBytes(frame));
        ByteBuf whole = batch.buffer(frame, 0);
        int at = batch.offset(frame, 0);
        assertEquals(1, batch.fragments(frame));
        assertEquals(0x0266_7788, whole.getInt(at));
        assertEquals(0x0211_2233, whole.getInt(at + 6));
        assertEquals(number, whole.getInt(at + 14));
        for (int i = 18; i < length(number); i++) {
            assertEquals((byte) (number + i), whole.getByte(at + i));
        }
    }

    @Test
    void whatIsSentIsCountedByAPeerThatOnlyReceives() {
        try (TestPmd peer = new TestPmd(folder, "", List.of(), "--forward-mode=rxonly");
                NetDevice device = open(peer)) {
            waiter.register(device.source());
            FrameBatch out = new FrameBatch();
            int total = 50_000;
            int sent = 0;
            while (sent < total) {
                while (sent + out.frames() < total && out.frameSpace() > 0 && out.fragmentSpace() > 1) {
                    append(out, sent + out.frames());
                }
                int accepted = device.offer(out);
                device.flush();
                sent += accepted;
                if (accepted == 0) {
                    waitFor(device);
                }
            }
            Awaiting.until("testpmd to count all frames", () -> peer.figure("RX-packets", 0) == total);
            waiter.unregister(device.source());
        }
    }

    @Test
    void aPeerThatOnlySendsIsHeard() {
        try (TestPmd peer = new TestPmd(folder, "", List.of(), "--forward-mode=txonly", "--txpkts=1000");
                NetDevice device = open(peer)) {
            waiter.register(device.source());
            FrameBatch in = new FrameBatch();
            int received = 0;
            while (received < 100_000) {
                if (device.poll(in) == 0) {
                    waitFor(device);
                }
                for (int i = 0; i < in.frames(); i++) {
                    assertEquals(1000, in.frameBytes(i));
                    assertEquals(0x0800, in.buffer(i, 0).getShort(in.offset(i, 0) + 12));
                }
                received += in.frames();
                in.clear();
            }
            waiter.unregister(device.source());
        }
    }

    @Test
    void aPeerThatIsKilledAndComesBackIsFoundAgain() {
        TestPmd first = new TestPmd(folder, "", List.of(), "--forward-mode=macswap");
        try (NetDevice device = open(first)) {
            waiter.register(device.source());
            assertEchoed(device, 1);
            first.close();
            Awaiting.until("the driver to notice", () -> {
                waitFor(device);
                return device.nextDeadlineNs() != Duty.NO_DEADLINE;
            });
            FrameBatch out = new FrameBatch();
            append(out, 7);
            assertEquals(0, device.offer(out));
            out.clear();
            try (TestPmd _ = new TestPmd(folder, "", List.of(), "--forward-mode=macswap")) {
                Awaiting.until("the device to be back", () -> {
                    device.poll(out);
                    out.clear();
                    return device.nextDeadlineNs() == Duty.NO_DEADLINE;
                });
                assertEchoed(device, 2);
            }
            waiter.unregister(device.source());
            assertTrue(counters.text().contains("uk_virtio_restarts_total{device=\"net\"} 1"), counters.text());
        }
    }

    private void assertEchoed(NetDevice device, int number) {
        FrameBatch out = new FrameBatch();
        FrameBatch in = new FrameBatch();
        append(out, number);
        assertEquals(1, device.offer(out));
        device.flush();
        Awaiting.until("an echo", () -> {
            if (device.poll(in) == 0) {
                waitFor(device);
            }
            return in.frames() > 0;
        });
        checkSwapped(in, 0, number);
        in.clear();
    }
}
