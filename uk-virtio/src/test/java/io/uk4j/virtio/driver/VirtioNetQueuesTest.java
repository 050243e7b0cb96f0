package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several pairs of queues, and the control queue by which a device is told of them. */
class VirtioNetQueuesTest {
    private static final long FEATURES = ModelNet.ALL | ModelNet.SEVERAL;
    private static final int CONTROL = 2 * ModelNet.PAIRS;

    /** UDP over IPv4 from a port, with a number as its payload. */
    private static byte[] frame(int port, int number) {
        byte[] frame = new byte[60];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[23] = 17;
        frame[26] = 10;
        frame[30] = 10;
        frame[34] = (byte) (port >> 8);
        frame[35] = (byte) port;
        frame[42] = (byte) number;
        return frame;
    }

    private static void append(ModelNet model, FrameBatch batch, byte[] frame) {
        ByteBuf buffer = model.pool.tryAcquire(frame.length);
        assertNotNull(buffer);
        batch.append(buffer.writeBytes(frame), buffer.readerIndex(), frame.length);
        batch.endFrame();
    }

    private static int poll(ModelNet model) {
        FrameBatch in = new FrameBatch();
        int frames = model.device.poll(in);
        in.clear();
        return frames;
    }

    @ParameterizedTest
    @EnumSource(Bus.class)
    void framesOfAFlowStayTogetherAndInOrder(Bus bus) {
        try (ModelNet model = bus.during(() -> new ModelNet(FEATURES, "uk.virtio.queues=4"))) {
            poll(model);
            assertEquals(List.of("4.0:0400"), model.commands);
            assertTrue(model.device.describe().contains("4 of 4 pairs of split queues of 64 in use"));
            int[] pairOfFlow = new int[8];
            Arrays.fill(pairOfFlow, -1);
            int[] next = new int[8];
            for (int round = 0; round < 8; round++) {
                FrameBatch batch = new FrameBatch();
                for (int i = 0; i < 16; i++) {
                    append(model, batch, frame(1000 + i % 8, round * 2 + i / 8));
                }
                assertEquals(16, model.device.offer(batch));
                model.device.flush();
                for (byte[] got = model.receive(); got != null; got = model.receive()) {
                    int flow = (((got[34] & 0xff) << 8) | (got[35] & 0xff)) - 1000;
                    assertEquals(next[flow]++, got[42]);
                    assertTrue(pairOfFlow[flow] < 0 || pairOfFlow[flow] == model.lastPair);
                    pairOfFlow[flow] = model.lastPair;
                }
                poll(model);
            }
            Set<Integer> used = new HashSet<>();
            for (int flow = 0; flow < 8; flow++) {
                assertEquals(16, next[flow]);
                used.add(pairOfFlow[flow]);
            }
            assertTrue(used.size() > 1, used.toString());
        }
    }

    @Test
    void framesOfAllPairsAreReceived() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            poll(model);
            for (int i = 0; i < 100; i++) {
                model.send(frame(i, i));
            }
            int received = 0;
            for (int i = 0; i < 20; i++) {
                received += poll(model);
            }
            assertEquals(100, received);
        }
    }

    @Test
    void aFullQueueHoldsUpAndLosesNothing() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            poll(model);
            FrameBatch batch = new FrameBatch();
            int sent = 0;
            while (batch.isEmpty()) {
                append(model, batch, frame(1, 0));
                sent += model.device.offer(batch);
            }
            assertTrue(sent >= 32, "the other queues are empty, but this flow's is full");
            model.device.flush();
            for (int i = 0; i < sent; i++) {
                assertNotNull(model.receive());
            }
            assertEquals(1, model.device.offer(batch));
            assertNotNull(model.receive());
        }
    }

    @Test
    void oneQueueIsTheDefaultAndNoControlQueueIsAskedFor() {
        try (ModelNet model = new ModelNet(FEATURES | NetFeatures.CTRL_MAC_ADDR)) {
            poll(model);
            assertEquals(0, model.transport.accepted & (ModelNet.SEVERAL | NetFeatures.CTRL_MAC_ADDR));
            assertEquals(List.of(), model.commands);
        }
    }

    @Test
    void severalQueuesWithoutAControlQueueAreNotSettledOn() {
        try (ModelNet model = new ModelNet(ModelNet.ALL | NetFeatures.MQ, "uk.virtio.queues=4")) {
            assertEquals(0, model.transport.accepted & NetFeatures.MQ);
            assertTrue(model.device.describe().startsWith("model:net, split queues of 64, link up, running"));
        }
    }

    @Test
    void noMorePairsAreUsedThanTheDeviceHas() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=64")) {
            poll(model);
            assertEquals(ModelNet.PAIRS, model.pairsInUse);
        }
    }

    @Test
    void anAddressThatIsConfiguredIsTold() {
        try (ModelNet model = new ModelNet(
                ModelNet.ALL | NetFeatures.CTRL_VQ | NetFeatures.CTRL_MAC_ADDR, "uk.net.mac=02:00:5e:10:00:01")) {
            poll(model);
            assertEquals(List.of("1.1:02005e100001"), model.commands);
        }
    }

    @Test
    void oneCommandFollowsTheOther() {
        try (ModelNet model = new ModelNet(
                FEATURES | NetFeatures.CTRL_MAC_ADDR | Features.RING_PACKED,
                "uk.net.mac=02:00:5e:10:00:01",
                "uk.virtio.queues=2")) {
            poll(model);
            poll(model);
            assertEquals(List.of("1.1:02005e100001", "4.0:0200"), model.commands);
        }
    }

    @Test
    void aDeviceThatRefusesIsUsedWithOnePairAndSaysSo() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            // It was asked at its start already; what counts is the answer after the next one.
            model.answer = 1;
            model.pairsInUse = 1;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            poll(model);
            poll(model);
            String told = model.device.describe();
            assertTrue(told.contains("1 of 4 pairs"), told);
            assertTrue(told.contains("refuses 4 pairs of queues"), told);
            FrameBatch batch = new FrameBatch();
            for (int i = 0; i < 8; i++) {
                append(model, batch, frame(i, 0));
            }
            assertEquals(8, model.device.offer(batch));
            for (int i = 0; i < 8; i++) {
                assertNotNull(model.receive());
                assertEquals(0, model.lastPair);
            }
        }
    }

    @Test
    void untilTheDeviceAnswersOnePairIsUsed() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            model.answer = -1;
            model.pairsInUse = 1;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            poll(model);
            assertFalse(model.device.arm());
            assertTrue(model.device.describe().contains("1 of 4 pairs"));
            assertEquals(Duty.NO_DEADLINE, model.device.nextDeadlineNs(), "nobody waits for it");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 0xff})
    void anAnswerThatIsNoneIsAViolation(int answer) {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            model.answer = answer;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            poll(model);
            poll(model);
            assertEquals(1, model.counter("uk_virtio_violations_total", "protocol"));
            model.answer = 0;
            model.platform.simulation.runFor(1_000_000_000L);
            poll(model);
            poll(model);
            assertEquals(ModelNet.PAIRS, model.pairsInUse);
            assertTrue(model.device.describe().contains("4 of 4 pairs"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0x8001})
    void anImpossibleNumberOfPairsIsRefused(int pairs) {
        DeviceException e = assertThrows(
                DeviceException.class,
                () -> new ModelNet(
                        FEATURES,
                        config -> config.putShort(NetFeatures.CONFIG_MAX_PAIRS, (short) pairs),
                        "uk.virtio.queues=4"));
        assertTrue(e.getMessage().contains("has " + pairs + " pairs of queues"), e.getMessage());
    }

    @Test
    void aDeviceThatComesBackWithMorePairsIsRefused() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=2")) {
            model.transport.config.putShort(NetFeatures.CONFIG_MAX_PAIRS, (short) (2 * ModelNet.PAIRS));
            model.transport.queues = 2 * CONTROL + 1;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            DeviceException e = assertThrows(DeviceException.class, () -> poll(model));
            assertTrue(e.getMessage().contains("came back with 8 pairs of queues; it had 4"), e.getMessage());
        }
    }

    @Test
    void aDeviceThatComesBackWithFewerQueuesIsRefused() {
        try (ModelNet model = new ModelNet(FEATURES, "uk.virtio.queues=4")) {
            model.transport.queues = CONTROL;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            DeviceException e = assertThrows(DeviceException.class, () -> poll(model));
            assertTrue(e.getMessage().contains("queue " + CONTROL + " of 0 entries"), e.getMessage());
        }
    }

    @Test
    void largeDatagramsAreCutByADeviceThatDoes() {
        try (ModelNet model = new ModelNet(ModelNet.ALL | NetFeatures.HOST_USO)) {
            assertTrue(model.device.info().has(NetDeviceInfo.OFFLOAD_USO));
            FrameBatch batch = new FrameBatch();
            byte[] frame = Arrays.copyOf(frame(1, 1), 4000);
            batch.append(Unpooled.copiedBuffer(frame), 0, frame.length);
            batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_UDP, 1000, 42, 34, 6);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            byte[] whole = model.receiveWhole();
            assertNotNull(whole);
            assertEquals("01052a00e803220006000000", HexFormat.of().formatHex(whole, 0, 12));
            assertArrayEquals(frame, Arrays.copyOfRange(whole, 12, whole.length));
        }
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            assertFalse(model.device.info().has(NetDeviceInfo.OFFLOAD_USO));
            FrameBatch batch = new FrameBatch();
            batch.append(Unpooled.copiedBuffer(frame(1, 1)), 0, 60);
            batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_UDP, 1000, 42, 34, 6);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            assertNull(model.receive());
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "unfit"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void datagramsThatTheDevicePutTogetherAreTakenWhereThatWasAgreedOn(boolean agreed) {
        try (ModelNet model = new ModelNet(ModelNet.ALL | (agreed ? NetFeatures.GUEST_USO6 : 0))) {
            byte[] frame = Arrays.copyOf(frame(1, 1), 4000);
            model.send(HexFormat.of().parseHex("01052a00e803220006000000"), frame);
            FrameBatch in = new FrameBatch();
            assertEquals(agreed ? 1 : 0, model.device.poll(in));
            if (agreed) {
                assertEquals(FrameBatch.GSO_UDP, in.gsoType(0));
                assertEquals(1000, in.gsoSize(0));
                assertEquals(4000, in.frameBytes(0));
            }
            assertEquals(agreed ? 0 : 1, model.counter("uk_net_frames_dropped_total", "malformed"));
            in.clear();
        }
    }

    @Test
    void bothDirectionsOfAFlowHaveOneQueue() {
        byte[] there = frame(1234, 0);
        byte[] back = there.clone();
        System.arraycopy(there, 26, back, 30, 4);
        System.arraycopy(there, 30, back, 26, 4);
        System.arraycopy(there, 34, back, 36, 2);
        System.arraycopy(there, 36, back, 34, 2);
        byte[] fragment = there.clone();
        fragment[21] = 1;
        byte[] otherFragment = frame(77, 0);
        otherFragment[21] = 2;
        for (int queues : new int[] {1, 2, 3, 64}) {
            assertEquals(choose(there, queues), choose(back, queues));
            assertEquals(choose(fragment, queues), choose(otherFragment, queues), "later ones have no ports");
        }
        for (int length = 14; length < 60; length++) {
            byte[] six = Arrays.copyOf(there, length);
            six[12] = (byte) 0x86;
            six[13] = (byte) 0xdd;
            choose(six, 64);
            choose(Arrays.copyOf(there, length), 64);
        }
    }

    private static int choose(byte[] frame, int queues) {
        FrameBatch batch = new FrameBatch();
        batch.append(Unpooled.copiedBuffer(frame), 0, frame.length);
        batch.endFrame();
        int chosen = FlowHash.choose(batch, 0, queues);
        batch.clear();
        assertTrue(chosen >= 0 && chosen < queues);
        return chosen;
    }
}
