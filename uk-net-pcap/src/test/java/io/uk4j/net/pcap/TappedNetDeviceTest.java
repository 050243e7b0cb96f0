package io.uk4j.net.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TappedNetDeviceTest {
    private static final int WHOLE = PcapWriter.MAX_SNAPLEN_BYTES;
    private static final int RECEIVED = 0x77;
    private static final int FRAME_BYTES = 100;
    private static final int RECORD_BYTES = 16 + FRAME_BYTES;

    @TempDir
    private Path folder;

    private final Simulation simulation = new Simulation(1);
    private final SimPlatform platform = new SimPlatform(simulation, "host");
    private final MetricRegistry counters = new MetricRegistry();
    private final ByteBuf received = Unpooled.directBuffer(FRAME_BYTES);
    private final StubDevice stub = new StubDevice(received);
    private final FrameBatch batch = new FrameBatch();

    TappedNetDeviceTest() {
        for (int i = 0; i < FRAME_BYTES; i++) {
            received.writeByte(RECEIVED);
        }
    }

    @AfterEach
    void nothingIsRetained() {
        batch.clear();
        assertEquals(1, received.refCnt());
    }

    private Path file() {
        return folder.resolve("a.pcap");
    }

    private NetDevice tapped(long limitBytes) {
        return new TappedNetDevice(stub, platform.clock(), counters, PcapWriter.to(file(), WHOLE, limitBytes));
    }

    private List<PcapFile.Frame> written() throws IOException {
        return PcapFile.parse(Files.readAllBytes(file())).records();
    }

    /** The first bytes of the frames that are in the file. */
    private List<Integer> marks() throws IOException {
        return written().stream().map(frame -> frame.captured()[0] & 0xff).toList();
    }

    private void append(int mark) {
        append(mark, FRAME_BYTES);
    }

    private void append(int mark, int bytes) {
        batch.append(Unpooled.directBuffer(bytes).writeByte(mark).writeZero(bytes - 1), 0, bytes);
        batch.endFrame();
    }

    private long count(String metric) {
        String text = counters.text();
        int at = text.indexOf("\n" + metric + " ") + metric.length() + 2;
        return Long.parseLong(text.substring(at, text.indexOf('\n', at)));
    }

    private long captured() {
        return count("uk_pcap_frames_total{device=\"stub0\"}");
    }

    private long missed(String reason) {
        return count("uk_pcap_frames_missed_total{device=\"stub0\",reason=\"" + reason + "\"}");
    }

    @Test
    void recordsBothWaysInTheOrderInWhichFramesPass() throws IOException {
        NetDevice device = tapped(1 << 20);
        append(1);
        append(2);
        assertEquals(2, device.offer(batch));
        stub.toReceive = 1;
        simulation.runFor(5);
        assertEquals(1, device.poll(batch));
        device.flush();

        assertEquals(List.of(1, 2, RECEIVED), marks());
        assertEquals(platform.clock().wallNs() - 5, written().get(0).timeNs());
        assertEquals(platform.clock().wallNs() - 5, written().get(1).timeNs());
        assertEquals(platform.clock().wallNs(), written().get(2).timeNs());
        assertEquals(3, captured());
        assertEquals(1, stub.flushes);
    }

    @Test
    void recordsWhatIsAppendedBehindFramesThatWereThere() throws IOException {
        NetDevice device = tapped(1 << 20);
        append(1);
        stub.toReceive = 2;
        assertEquals(2, device.poll(batch));
        device.close();

        assertEquals(List.of(RECEIVED, RECEIVED), marks());
    }

    @Test
    void aFrameThatTheDeviceRefusesIsRecordedOnceItIsAccepted() throws IOException {
        NetDevice device = tapped(1 << 20);
        append(1);
        append(2);
        append(3);
        for (int accepted : new int[] {1, 0, 0, 2}) {
            stub.toAccept = accepted;
            assertEquals(accepted, device.offer(batch));
        }
        assertEquals(0, device.offer(batch));
        device.close();

        assertEquals(List.of(1, 2, 3), marks());
        assertEquals(3, captured());
    }

    @Test
    void recordsWhatPassedBeforeADeviceFailed() throws IOException {
        NetDevice device = tapped(1 << 20);
        stub.broken = true;
        stub.toReceive = 1;
        assertThrows(DeviceException.class, () -> device.poll(batch));
        batch.clear();
        append(1);
        append(2);
        stub.toAccept = 1;
        assertThrows(DeviceException.class, () -> device.offer(batch));
        device.close();

        assertEquals(List.of(RECEIVED, 1), marks());
    }

    @Test
    void isInTheFileOnceTheLoopIsAboutToSleep() throws IOException {
        NetDevice device = tapped(1 << 20);
        append(1);
        device.offer(batch);
        assertEquals(24, Files.size(file()));
        assertTrue(device.arm());
        assertEquals(List.of(1), marks());
    }

    @Test
    void writesByItselfWhenMuchHasComeTogether() throws IOException {
        NetDevice device = tapped(1 << 20);
        for (int i = 0; i < 44; i++) {
            append(i, 1_500);
            device.offer(batch);
        }
        assertEquals(44, written().size());
    }

    @Test
    void aBatchOfTheLongestFramesIsRecordedAsAWhole() throws IOException {
        NetDevice device = tapped(4 << 20);
        for (int i = 0; i < FrameBatch.DEFAULT_FRAMES; i++) {
            append(i, 65_549);
        }
        stub.toAccept = 20;
        device.offer(batch);
        device.offer(batch);
        device.close();

        assertEquals(FrameBatch.DEFAULT_FRAMES, written().size());
        for (int i = 0; i < FrameBatch.DEFAULT_FRAMES; i++) {
            assertEquals(i, written().get(i).captured()[0]);
            assertEquals(65_549, written().get(i).captured().length);
        }
    }

    @Test
    void aFullCaptureEndsAndCountsWhatItMisses() throws IOException {
        NetDevice device = tapped(24 + 3 * RECORD_BYTES);
        append(1);
        append(2);
        assertEquals(2, device.offer(batch));
        stub.toReceive = 3;
        assertEquals(3, device.poll(batch));
        batch.clear();

        assertEquals(List.of(1, 2, RECEIVED), marks(), "written at once");
        assertEquals(3, captured());
        assertEquals(2, missed("full"));
        append(3, 1);
        assertEquals(1, device.offer(batch));
        assertEquals(3, missed("full"), "one that would fit comes too late: there are no gaps");
        device.close();
        assertEquals(3, written().size());
        assertEquals("a stub\ncaptured into " + file() + ": 3 frames, and 3 missed since it ended", device.describe());
    }

    @Test
    void aFrameThatDoesNotFitAndIsRefusedDoesNotEndTheCapture() throws IOException {
        NetDevice device = tapped(24 + 2 * RECORD_BYTES);
        append(1);
        append(2, 1_000);
        stub.toAccept = 1;
        device.offer(batch);
        assertEquals(0, missed("full"));
        batch.clear();
        append(3);
        device.offer(batch);
        device.close();

        assertEquals(List.of(1, 3), marks());
    }

    @Test
    void framesPassWhereTheCaptureCannotBeWritten() {
        PcapWriter failing = new PcapWriter(new OutputStream() {
            private int left = 24 + RECORD_BYTES;

            @Override
            public void write(int b) throws IOException {
                if (left-- == 0) {
                    throw new IOException("No space left on device");
                }
            }
        });
        NetDevice device = new TappedNetDevice(stub, platform.clock(), counters, failing);
        append(1);
        device.offer(batch);
        device.flush();
        append(2);
        append(3);
        assertEquals(2, device.offer(batch));
        device.flush();
        assertEquals(2, missed("write_failed"), "what was gathered is lost");

        stub.toReceive = 4;
        assertEquals(4, device.poll(batch));
        device.flush();
        device.close();
        assertEquals(1, captured());
        assertEquals(6, missed("write_failed"));
        assertEquals(0, missed("full"));
        assertEquals(1, stub.closes);
    }

    @Test
    void closingTwiceHasNoFurtherEffect() throws IOException {
        NetDevice device = tapped(1 << 20);
        append(1);
        device.offer(batch);
        device.close();
        device.close();
        assertEquals(List.of(1), marks());
        assertEquals(1, captured());
    }

    @Test
    void allocatesNothingForAFrame() {
        NetDevice device = tapped(Long.MAX_VALUE);
        FrameBatch out = new FrameBatch();
        Runnable round = () -> {
            stub.toReceive = FrameBatch.DEFAULT_FRAMES;
            device.poll(batch);
            for (int i = 0; i < FrameBatch.DEFAULT_FRAMES; i++) {
                out.append(received.retain(), 0, FRAME_BYTES);
                out.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_NONE, 0, 42, 34, 6);
                out.endFrame();
            }
            device.offer(out);
            device.flush();
            batch.clear();
        };
        for (int i = 0; i < 200; i++) {
            round.run();
        }

        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1_000; i++) {
            round.run();
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        device.close();
        // One object a round would be 16 bytes at least.
        assertTrue(bytes < 16 * 1_000, () -> bytes + " bytes in 1,000 rounds");
    }
}
