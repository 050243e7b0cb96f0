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
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the network driver makes of its device: what it says of itself, and all that it can do wrong. */
class VirtioNetTest {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private static byte[] frame(int bytes) {
        byte[] frame = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            frame[i] = (byte) (i * 5);
        }
        return frame;
    }

    private static void offer(ModelNet model, byte[] frame) {
        FrameBatch batch = new FrameBatch();
        ByteBuf buffer = model.pool.tryAcquire(frame.length);
        assertNotNull(buffer);
        batch.append(buffer.writeBytes(frame), buffer.readerIndex(), frame.length);
        batch.endFrame();
        assertEquals(1, model.device.offer(batch));
        model.device.flush();
    }

    private static void assertWorks(ModelNet model) {
        FrameBatch in = new FrameBatch();
        model.device.poll(in);
        in.clear();
        model.send(frame(100));
        assertEquals(1, model.device.poll(in));
        assertEquals(100, in.frameBytes(0));
        in.clear();
        offer(model, frame(200));
        assertArrayEquals(frame(200), model.receive());
    }

    @Test
    void saysWhatWasOfferedWantedAndSettled() {
        try (ModelNet model = new ModelNet(ModelNet.ALL | 1L << 17 | 1L << 50, "uk.virtio.without=event_idx")) {
            String told = model.device.describe();
            assertTrue(told.contains("features offered: csum guest_csum"), told);
            assertTrue(told.contains("ctrl_vq"), told);
            assertTrue(told.contains("bit 50"), told);
            String settled = told.substring(told.indexOf("features settled"));
            assertTrue(settled.contains("mrg_rxbuf status indirect_desc version_1"), settled);
            assertFalse(settled.contains("event_idx"), settled);
            assertEquals(0, model.transport.accepted & (1L << 17 | Features.EVENT_IDX));
        }
    }

    @Test
    void takesAddressMtuAndOffloadsFromTheDevice() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            NetDeviceInfo info = model.device.info();
            assertEquals(MacAddress.parse("02:00:00:00:00:09"), info.mac());
            assertEquals(1500, info.mtuBytes());
            assertTrue(info.has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM
                    | NetDeviceInfo.OFFLOAD_TSO4
                    | NetDeviceInfo.OFFLOAD_TSO6
                    | NetDeviceInfo.OFFLOAD_RX_CHECKSUM
                    | NetDeviceInfo.OFFLOAD_RX_LARGE));
        }
        try (ModelNet model = new ModelNet(ModelNet.ALL & ~NetFeatures.CSUM, "uk.net.mac=02:00:00:00:00:77")) {
            assertEquals(
                    MacAddress.parse("02:00:00:00:00:77"), model.device.info().mac());
            assertFalse(model.device.info().has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM));
            assertEquals(0, model.transport.accepted & NetFeatures.HOST_TSO4, "segmentation needs checksums");
        }
    }

    @Test
    void aDeviceOfBeforeTheStandardIsNamedAndClosed() {
        DeviceException e = assertThrows(DeviceException.class, () -> new ModelNet(NetFeatures.MAC));
        assertTrue(e.getMessage().contains("does not offer version_1, which is needed"), e.getMessage());
        assertTrue(e.getMessage().contains("It offers: mac"), e.getMessage());
    }

    @Test
    void headersOfBothWaysCarryWhatFramesAskFor() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            byte[] header = {1, 1, 54, 0, (byte) 0xb4, 5, 34, 0, 16, 0, 0, 0};
            model.send(header, frame(3000));
            FrameBatch batch = new FrameBatch();
            assertEquals(1, model.device.poll(batch));
            assertEquals(FrameBatch.NEEDS_CHECKSUM, batch.flags(0));
            assertEquals(FrameBatch.GSO_TCPV4, batch.gsoType(0));
            assertEquals(54, batch.headerLength(0));
            assertEquals(1460, batch.gsoSize(0));
            assertEquals(34, batch.checksumStart(0));
            assertEquals(16, batch.checksumOffset(0));
            assertTrue(batch.fragments(0) > 1);
            // What came in goes out as it is.
            assertEquals(1, model.device.offer(batch));
            byte[] whole = model.receiveWhole();
            assertNotNull(whole);
            assertArrayEquals(header, java.util.Arrays.copyOf(whole, 12));
            assertArrayEquals(frame(3000), java.util.Arrays.copyOfRange(whole, 12, whole.length));
        }
    }

    @Test
    void memoryThatTheDeviceCannotReachIsCopied() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            FrameBatch batch = new FrameBatch();
            byte[] frame = frame(1000);
            batch.append(Unpooled.copiedBuffer(frame), 0, 400);
            ByteBuf second = Unpooled.directBuffer(600).writeBytes(frame, 400, 600);
            batch.append(second, 0, 600);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            assertEquals(0, second.refCnt(), "the original is released at once");
            assertArrayEquals(frame, model.receive());
        }
    }

    @Test
    void aLinkThatIsDownDropsAndCounts() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.config.putShort(NetFeatures.CONFIG_STATUS, (short) 0);
            model.transport.raise(VirtioTransport.CONFIG_CHANGED);
            model.device.arm();
            offer(model, frame(100));
            assertNull(model.receive());
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "interface_down"));
            assertTrue(model.device.describe().contains("link down"));
            model.transport.config.putShort(NetFeatures.CONFIG_STATUS, (short) NetFeatures.LINK_UP);
            model.transport.raise(VirtioTransport.CONFIG_CHANGED);
            model.device.arm();
            assertWorks(model);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shortFrame", "unknownSegmentation", "checksumBeyondTheFrame", "segmentOfNothing"})
    void aHeaderThatContradictsItselfDropsTheFrameAndNoMore(String fault) {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            switch (fault) {
                case "shortFrame" -> model.send(new byte[12], new byte[13]);
                case "unknownSegmentation" -> model.send(new byte[] {0, 3, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0}, frame(100));
                case "checksumBeyondTheFrame" ->
                    model.send(new byte[] {1, 0, 0, 0, 0, 0, 90, 0, 9, 0, 0, 0}, frame(100));
                default -> model.send(new byte[] {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, frame(100));
            }
            FrameBatch batch = new FrameBatch();
            assertEquals(0, model.device.poll(batch));
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "malformed"));
            assertEquals(0, model.counter("uk_virtio_violations_total", ""));
            assertWorks(model);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"marks congestion", "leaves no checksum"})
    void aFrameThatAsksForWhatWasNotAgreedOnIsNotSent(String what) {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            FrameBatch batch = new FrameBatch();
            ByteBuf buffer = model.pool.tryAcquire(1000);
            assertNotNull(buffer);
            batch.append(buffer.writeZero(1000), buffer.readerIndex(), 1000);
            boolean marks = what.equals("marks congestion");
            int type = FrameBatch.GSO_TCPV4 | (marks ? FrameBatch.GSO_ECN : 0);
            batch.offload(marks ? FrameBatch.NEEDS_CHECKSUM : 0, type, 500, 54, 34, 16);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            model.device.flush();
            assertNull(model.receiveWhole());
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "unfit"));
        }
    }

    @Test
    void aFrameOfAFamilyThatWasNotAgreedOnIsDropped() {
        try (ModelNet model = new ModelNet(ModelNet.ALL & ~NetFeatures.GUEST_TSO4)) {
            FrameBatch batch = new FrameBatch();
            for (int type : new int[] {1, 0x81, 5, 0x85, 3, 0x7f, 0xff}) {
                byte[] header = {1, (byte) type, 54, 0, (byte) 0xb4, 5, 34, 0, 16, 0, 0, 0};
                model.send(header, frame(1800));
                assertEquals(0, model.device.poll(batch));
            }
            assertEquals(7, model.counter("uk_net_frames_dropped_total", "malformed"));
            model.send(new byte[] {1, 4, 74, 0, (byte) 0xa0, 5, 54, 0, 16, 0, 0, 0}, frame(1800));
            assertEquals(1, model.device.poll(batch));
            batch.clear();
        }
    }

    /** Only one that agreed on checksums may say that it has verified one (section 5.1.6.4.1). */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChecksumIsBelievedToBeValidOnlyWhereChecksumsWereAgreedOn(boolean agreed) {
        try (ModelNet model = new ModelNet(agreed ? ModelNet.ALL : ModelNet.ALL & ~NetFeatures.GUEST_CSUM)) {
            model.send(new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, frame(100));
            FrameBatch batch = new FrameBatch();
            assertEquals(1, model.device.poll(batch));
            assertEquals(agreed ? FrameBatch.CHECKSUM_VALID : 0, batch.flags(0));
            batch.clear();
        }
    }

    /** Writes into the used ring, as a device would that knows no rules. */
    private static void use(ModelNet model, int queue, int index, int id, int bytes) {
        long used = model.transport.areas(queue).device();
        var memory = model.platform.segment(used, 4);
        long at = model.platform.offset(used);
        int size = model.transport.areas(queue).size();
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at + 4 + 8L * (index % size), id);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at + 8 + 8L * (index % size), bytes);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2, (short) (index + 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unknownId",
                "hugeId",
                "tooLong",
                "shorterThanItsHeader",
                "aheadOfItself",
                "noBuffers",
                "lackingBuffers"
            })
    void aDeviceThatBreaksTheRulesIsStartedAgainAndLosesNothingOfOurs(String fault) {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            assertWorks(model);
            offer(model, frame(300));
            long available = model.pool.availableBytes();
            switch (fault) {
                case "unknownId" -> use(model, TRANSMIT, 1, 40, 0);
                case "hugeId" -> use(model, RECEIVE, 1, 0x7fff_ffff, 100);
                case "tooLong" -> use(model, RECEIVE, 1, 1, 4000);
                case "shorterThanItsHeader" -> use(model, RECEIVE, 1, 1, 3);
                case "aheadOfItself" -> use(model, RECEIVE, 5000, 1, 100);
                case "noBuffers" -> use(model, RECEIVE, 1, 1, 100);
                default -> {
                    model.send(new byte[12], frame(100));
                    long header =
                            model.platform.offset(model.transport.areas(RECEIVE).device());
                    assertTrue(header > 0);
                    // The buffer's header says three buffers, and one was used.
                    setMerged(model, 1, 3);
                }
            }
            if (fault.equals("noBuffers")) {
                setMerged(model, 1, 0);
            }
            FrameBatch batch = new FrameBatch();
            assertEquals(0, model.device.poll(batch));
            assertEquals(1, model.counter("uk_virtio_violations_total", ""), fault);
            assertTrue(model.device.nextDeadlineNs() != Duty.NO_DEADLINE);
            // It is time at once, and the frame that the device had is counted.
            model.device.poll(batch);
            assertEquals(2, model.transport.resets);
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "device_reset"));
            assertEquals(1, model.counter("uk_virtio_restarts_total", ""));
            assertTrue(model.pool.availableBytes() >= available);
            assertWorks(model);
        }
    }

    /** Overwrites the number of buffers in the header of a receive chain. */
    private static void setMerged(ModelNet model, int id, int buffers) {
        long descriptor = model.transport.areas(RECEIVE).descriptors() + 16L * id;
        long address = model.platform
                .segment(descriptor, 16)
                .get(ValueLayout.JAVA_LONG_UNALIGNED, model.platform.offset(descriptor));
        if (address == 0) {
            return;
        }
        model.platform
                .segment(address, 12)
                .set(ValueLayout.JAVA_SHORT_UNALIGNED, model.platform.offset(address) + 10, (short) buffers);
    }

    @Test
    void aDeviceThatAsksForAResetGetsOne() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            assertWorks(model);
            assertEquals(2, model.transport.resets);
        }
    }

    @Test
    void aDeviceThatIsAwayIsLookedForAtGrowingIntervals() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.absent = true;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            FrameBatch batch = new FrameBatch();
            long before = model.platform.clock().nowNs();
            for (int i = 0; i < 20; i++) {
                model.device.poll(batch);
                long next = model.device.nextDeadlineNs();
                assertTrue(next != Duty.NO_DEADLINE);
                model.platform.simulation.runFor(
                        Math.max(0, next - model.platform.clock().nowNs()));
            }
            long passed = model.platform.clock().nowNs() - before;
            assertTrue(passed > 10_000_000_000L && passed < 20_000_000_000L, "20 attempts in " + passed + " ns");
            assertEquals(0, model.device.offer(batch));
            model.transport.absent = false;
            model.device.poll(batch);
            assertWorks(model);
        }
    }

    @Test
    void aDeviceThatGoesAwayWhileItIsBeingStartedIsLookedForAgain() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.goesAwayAtConnect = true;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            FrameBatch batch = new FrameBatch();
            for (int i = 0; i < 40; i++) {
                model.device.poll(batch);
                model.platform.simulation.runFor(1_000_000_000L);
            }
            assertTrue(model.device.nextDeadlineNs() != Duty.NO_DEADLINE);
            model.transport.goesAwayAtConnect = false;
            assertWorks(model);
        }
    }

    @Test
    void anIdleDeviceMayComeAndGoAsOftenAsItLikes() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            FrameBatch batch = new FrameBatch();
            for (int i = 0; i < 50; i++) {
                model.transport.raise(VirtioTransport.NEEDS_RESET);
                model.device.arm();
                model.platform.simulation.runFor(2_000_000_000L);
                model.device.poll(batch);
            }
            assertWorks(model);
        }
    }

    @Test
    void aDeviceThatAsksForOneResetAfterTheOtherGetsOneEachSecond() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            FrameBatch batch = new FrameBatch();
            for (int i = 0; i < 20_000; i++) {
                model.transport.raise(VirtioTransport.NEEDS_RESET);
                model.device.arm();
                model.device.poll(batch);
                model.platform.simulation.runFor(1_000_000L);
            }
            assertTrue(model.transport.resets < 40, model.transport.resets + " resets in 20 s");
        }
    }

    @Test
    void bigBuffersThatDoNotFitIntoTheQueueAreRefused() {
        DeviceException e = assertThrows(
                DeviceException.class,
                () -> new ModelNet(
                        ModelNet.ALL & ~NetFeatures.MRG_RXBUF & ~Features.INDIRECT_DESC, "uk.virtio.queue.size=4"));
        assertTrue(e.getMessage().contains("uk.virtio.queue.size"), e.getMessage());
    }

    @Test
    void copiesThatTakeMoreRangesThanThereAreDropTheFrame() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            int limit = model.device.info().maxFragments();
            FrameBatch batch = new FrameBatch(1, limit);
            batch.append(Unpooled.directBuffer(40_000).writeZero(40_000), 0, 40_000);
            for (int i = 1; i < limit; i++) {
                ByteBuf buffer = model.pool.tryAcquire(10);
                assertNotNull(buffer);
                batch.append(buffer.writeZero(10), buffer.readerIndex(), 10);
            }
            batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_TCPV4, 1460, 54, 34, 16);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            assertNull(model.receive());
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "no_buffer"));
            assertWorks(model);
        }
        try (ModelNet model = new ModelNet(ModelNet.ALL & ~Features.INDIRECT_DESC, "uk.virtio.queue.size=4")) {
            FrameBatch batch = new FrameBatch();
            batch.append(Unpooled.directBuffer(60_000).writeZero(60_000), 0, 60_000);
            batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_TCPV4, 1460, 54, 34, 16);
            batch.endFrame();
            assertEquals(1, model.device.offer(batch));
            assertEquals(1, model.counter("uk_net_frames_dropped_total", "no_buffer"));
            assertWorks(model);
        }
    }

    @Test
    void aDeviceThatIsOfNoUseIsGivenUp() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.refusesFeatures = true;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            FrameBatch batch = new FrameBatch();
            DeviceException e = assertThrows(DeviceException.class, () -> {
                for (int i = 0; i < 100; i++) {
                    model.device.poll(batch);
                    model.platform.simulation.runFor(2_000_000_000L);
                }
            });
            assertTrue(e.getMessage().contains("refuses the features"), e.getMessage());
            assertThrows(DeviceException.class, () -> model.device.poll(batch));
            assertTrue(model.transport.resets < 30);
        }
    }

    @Test
    void aDeviceThatComesBackWithLessIsRefused() {
        try (ModelNet model = new ModelNet(ModelNet.ALL)) {
            model.transport.offered = Features.VERSION_1;
            model.transport.raise(VirtioTransport.NEEDS_RESET);
            model.device.arm();
            DeviceException e = assertThrows(DeviceException.class, () -> model.device.poll(new FrameBatch()));
            assertTrue(e.getMessage().contains("which it did before"), e.getMessage());
        }
    }

    @Test
    void whateverStandsInTheRingsNothingHangsOrLeaks() {
        for (int round = 0; round < 100; round++) {
            long seed = 77_000L + round;
            Random random = new Random(seed);
            try (ModelNet model = new ModelNet(round % 2 == 0 ? ModelNet.ALL : ModelNet.ALL & ~NetFeatures.MRG_RXBUF)) {
                FrameBatch batch = new FrameBatch();
                for (int i = 0; i < 60; i++) {
                    int queue = random.nextInt(2);
                    if (model.transport.started) {
                        if (random.nextBoolean()) {
                            use(
                                    model,
                                    queue,
                                    random.nextInt(4) == 0 ? random.nextInt(65_536) : i,
                                    random.nextInt(70) - 2,
                                    random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(2000));
                        } else {
                            setMerged(model, random.nextInt(64), random.nextInt(4));
                        }
                    }
                    if (random.nextInt(3) == 0 && batch.isEmpty()) {
                        ByteBuf buffer = model.pool.tryAcquire(100);
                        if (buffer != null) {
                            batch.append(buffer.writeBytes(frame(100)), buffer.readerIndex(), 100);
                            batch.endFrame();
                        }
                        model.device.offer(batch);
                        batch.clear();
                    }
                    model.device.poll(batch);
                    batch.clear();
                    model.platform.simulation.runFor(50_000_000L);
                }
            } catch (DeviceException e) {
                assertTrue(e.getMessage().contains("in a row"), () -> "seed " + seed + ": " + e.getMessage());
            }
        }
    }
}
