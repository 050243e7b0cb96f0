package io.uk4j.testkit;

import static io.uk4j.testkit.Packets.udp;
import static io.uk4j.testkit.Packets.udpPorts;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.net.pcap.PcapWriter;
import io.uk4j.net.pcap.TappedNetDevice;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CaptureTest {
    private static final byte[] FRAME = FrameBuilder.ethernet(new MacAddress(1), new MacAddress(2))
            .ipv4("10.0.0.1", "10.0.0.2")
            .udp(5, 6)
            .payload(new byte[20])
            .build();

    private static void offer(NetDevice device, TestPool pool, byte[] frame, int flags) {
        ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(frame.length));
        buffer.writeBytes(frame);
        FrameBatch batch = new FrameBatch();
        batch.append(buffer, buffer.readerIndex(), frame.length);
        batch.offload(flags, FrameBatch.GSO_NONE, 0, 42, 34, 6);
        batch.endFrame();
        assertEquals(1, device.offer(batch));
    }

    @Test
    void readsBackWhatWasWritten() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PcapWriter writer = new PcapWriter(bytes)) {
            writer.write(1, FRAME);
            writer.write(5_123_456_789L, new byte[0]);
        }

        List<PcapReader.Captured> frames = PcapReader.read(bytes.toByteArray());
        assertEquals(2, frames.size());
        assertArrayEquals(FRAME, frames.get(0).frame());
        assertEquals(5_123_456_789L, frames.get(1).timeNs());
        byte[] cut = Arrays.copyOf(bytes.toByteArray(), 50);
        assertThrows(IOException.class, () -> PcapReader.read(cut));
        assertThrows(IOException.class, () -> PcapReader.read(new byte[40]));
    }

    @Test
    void aTappedDeviceRecordsBothWaysWithChecksumsComplete() throws IOException {
        Simulation simulation = new Simulation(1);
        SimPlatform platform = new SimPlatform(simulation, "host");
        TestPool pool = new TestPool();
        Wire wire = Wire.builder(simulation).offloads(true).build(pool, pool);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PcapWriter writer = new PcapWriter(bytes);
        NetDevice tapped = new TappedNetDevice(wire.a(), platform.clock(), new MetricRegistry(), writer);
        byte[] partial = FRAME.clone();
        int pseudo = InternetChecksum.pseudoHeader(0x0a000001, 0x0a000002, 17, 28);
        partial[40] = (byte) (pseudo >>> 8);
        partial[41] = (byte) pseudo;

        offer(tapped, pool, partial, FrameBatch.NEEDS_CHECKSUM);
        offer(wire.b(), pool, partial, FrameBatch.NEEDS_CHECKSUM);
        FrameBatch batch = new FrameBatch();
        assertEquals(1, tapped.poll(batch));
        batch.clear();
        tapped.flush();

        List<PcapReader.Captured> frames = PcapReader.read(bytes.toByteArray());
        assertEquals(2, frames.size());
        for (PcapReader.Captured captured : frames) {
            udp(udpPorts(5, 6)).assertMatches(captured.frame());
            assertEquals(platform.clock().wallNs(), captured.timeNs());
        }
        tapped.close();
        wire.close();
        platform.close();
        LeakCheck.assertAllBack(pool);
    }

    @TempDir
    private static Path reports = Path.of("target");

    /** Run by the tests below, not by itself. */
    static class Reported {
        @RegisterExtension
        final NetworkReport report = new NetworkReport(reports);

        private void send() {
            Simulation simulation = report.watch(new Simulation(4711));
            TestPool pool = new TestPool();
            Wire wire = report.watch(Wire.builder(simulation).name("lan").build(pool, pool));
            offer(wire.a(), pool, FRAME, 0);
            wire.close();
        }

        @Test
        void fails() {
            send();
            throw new AssertionError("as meant");
        }

        @Test
        void passes() {
            send();
        }
    }

    @Test
    void aFailedNetworkTestLeavesItsCaptureAndSeed() throws IOException {
        Map<String, Throwable> failures = Suites.failures(Reported.class);

        assertEquals(List.of("fails"), List.copyOf(failures.keySet()));
        Path capture =
                reports.resolve(Reported.class.getName()).resolve("fails").resolve("lan.pcap");
        String message = String.valueOf(failures.values().iterator().next().getMessage());
        assertTrue(message.contains("as meant"), message);
        assertTrue(message.contains("seed: 4711"), message);
        assertTrue(message.contains(capture.toString()), message);
        assertArrayEquals(FRAME, PcapReader.read(capture).getFirst().frame());
        assertFalse(Files.exists(capture.resolveSibling("../passes")));
    }

    @Test
    void aMissingBufferIsNamedWithWhoAcquiredIt() {
        TestPool pool = new TestPool(2, 64);
        LeakCheck.assertAllBack(pool);
        ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(1));

        AssertionError error = assertThrows(AssertionError.class, () -> LeakCheck.assertAllBack(pool));
        assertTrue(error.getMessage().contains("64 bytes are free of 128"), error.getMessage());
        assertEquals(1, error.getSuppressed().length);
        buffer.release();
        LeakCheck.assertAllBack(pool);
    }
}
