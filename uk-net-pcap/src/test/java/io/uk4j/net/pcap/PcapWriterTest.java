package io.uk4j.net.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.net.FrameBatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PcapWriterTest {
    /** The last moment that the format has. */
    private static final long LAST_NS = 0xffff_ffffL * 1_000_000_000L + 999_999_999L;

    @TempDir
    private Path folder;

    @Test
    void theHeaderIsThatOfNanosecondPcap() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PcapWriter writer = new PcapWriter(bytes)) {
            writer.write(3_000_000_007L, new byte[] {9, 8});
        }

        assertEquals(
                "a1b23c4d" + "0002" + "0004" + "00000000" + "00000000" + "00040000" + "00000001" + "00000003"
                        + "00000007" + "00000002" + "00000002" + "0908",
                HexFormat.of().formatHex(bytes.toByteArray()));
    }

    @Test
    void recordsTheLastSecondThatTheFormatHasAndNothingBeforeTheFirst() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PcapWriter writer = new PcapWriter(bytes)) {
            writer.write(LAST_NS, new byte[0]);
            writer.write(-1, new byte[0]);
        }

        List<PcapFile.Frame> records = PcapFile.parse(bytes.toByteArray()).records();
        assertEquals(LAST_NS, records.get(0).timeNs());
        assertEquals(0, records.get(1).timeNs());
    }

    /** Any frames, in any pieces and kinds of buffers, cut at any length, written out at any time: what is read is what passed. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatIsReadIsWhatWasRecorded(long seed) throws IOException {
        Random random = new Random(seed);
        int snaplen = random.nextBoolean() ? PcapWriter.MAX_SNAPLEN_BYTES : 64 + random.nextInt(2_000);
        Path file = folder.resolve("missing/any.pcap");
        List<byte[]> frames = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        try (PcapWriter writer = PcapWriter.to(file, snaplen, Long.MAX_VALUE)) {
            for (int round = 0; round < 60; round++) {
                FrameBatch batch = new FrameBatch();
                int count = random.nextInt(5);
                for (int i = 0; i < count; i++) {
                    byte[] frame = Frames.random(random, 1 + random.nextInt(random.nextInt(9) == 0 ? 65_549 : 1_514));
                    Frames.append(batch, frame, random);
                    batch.endFrame();
                    long timeNs = random.nextLong(LAST_NS);
                    assertTrue(
                            random.nextInt(3) == 0
                                    ? writer.write(timeNs, frame)
                                    : writer.stage(timeNs, batch, batch.frames() - 1));
                    frames.add(frame);
                    times.add(timeNs);
                }
                batch.clear();
                if (random.nextInt(4) == 0) {
                    writer.flush();
                    assertEquals(Files.size(file), writer.bytes());
                }
            }
        }

        PcapFile read = PcapFile.parse(Files.readAllBytes(file));
        assertEquals(snaplen, read.snaplenBytes(), () -> "seed " + seed);
        assertEquals(frames.size(), read.records().size(), () -> "seed " + seed);
        for (int i = 0; i < frames.size(); i++) {
            PcapFile.Frame record = read.records().get(i);
            byte[] frame = frames.get(i);
            assertEquals(times.get(i), record.timeNs(), () -> "seed " + seed);
            assertEquals(frame.length, record.wholeBytes(), () -> "seed " + seed);
            assertArrayEquals(
                    Arrays.copyOf(frame, Math.min(frame.length, snaplen)), record.captured(), () -> "seed " + seed);
        }
    }

    @Test
    void recordsNothingOfAFrameThatDoesNotFitUnderTheLimit() throws IOException {
        Path file = folder.resolve("small.pcap");
        try (PcapWriter writer = PcapWriter.to(file, 64, 24 + 16 + 60 + 16 + 64)) {
            assertTrue(writer.write(1, new byte[60]));
            assertTrue(writer.write(2, new byte[1_000]), "64 bytes of it fit exactly");
            assertFalse(writer.write(3, new byte[0]));
            assertEquals(180, writer.bytes());
        }

        assertEquals(180, Files.size(file));
        assertEquals(2, PcapFile.parse(Files.readAllBytes(file)).records().size());
    }

    /** Against the sum as RFC 1071 writes it, with 16-bit words: whatever begins on an odd byte, or ends on one. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void completesTheChecksumThatWasLeftToTheDevice(long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] frame = Frames.random(random, 40 + random.nextInt(100));
            int start = random.nextInt(20);
            int at = start + 2 * random.nextInt(8);
            byte[] expected = frame.clone();
            int checksum = ~sum(frame, start) & 0xffff;
            expected[at] = (byte) (checksum >>> 8);
            expected[at + 1] = (byte) checksum;

            assertArrayEquals(
                    expected, recorded(Frames.partial(frame, start, at - start), 1 << 16), () -> "seed " + seed);
        }
    }

    @Test
    void aChecksumOfZeroIsStoredAsAllOnes() throws IOException {
        byte[] frame = new byte[60];
        frame[20] = (byte) 0xff;
        frame[21] = (byte) 0xff;
        byte[] recorded = recorded(Frames.partial(frame, 20, 6), 1 << 16);
        assertEquals(0xffff, (recorded[26] & 0xff) << 8 | (recorded[27] & 0xff));
    }

    private static int sum(byte[] bytes, int from) {
        int sum = 0;
        for (int i = from; i < bytes.length; i += 2) {
            sum = fold(sum + ((bytes[i] & 0xff) << 8) + (i + 1 < bytes.length ? bytes[i + 1] & 0xff : 0));
        }
        return sum;
    }

    private static int fold(int sum) {
        return (sum & 0xffff) + (sum >>> 16);
    }

    @Test
    void leavesAChecksumAloneOfWhichItDoesNotKnowTheEnd() throws IOException {
        byte[] frame = Frames.random(new Random(1), 100);
        assertArrayEquals(Arrays.copyOf(frame, 64), recorded(Frames.partial(frame, 34, 16), 64), "cut off");
        assertArrayEquals(frame, recorded(Frames.partial(frame, 34, 65), 1_000), "beyond the end");
        assertArrayEquals(frame, recorded(Frames.partial(frame, 65_535, 65_535), 1_000), "far beyond the end");
    }

    private byte[] recorded(FrameBatch batch, int snaplen) throws IOException {
        Path file = folder.resolve("one.pcap");
        try (PcapWriter writer = PcapWriter.to(file, snaplen, Long.MAX_VALUE)) {
            assertTrue(writer.stage(0, batch, 0));
        }
        batch.clear();
        return PcapFile.parse(Files.readAllBytes(file)).records().getFirst().captured();
    }

    @Test
    void saysWhatCannotBeWritten() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("directory"));
        UncheckedIOException failure = assertThrows(UncheckedIOException.class, () -> PcapWriter.to(directory));
        assertTrue(failure.getMessage().contains(directory.toString()), failure.getMessage());

        boolean[] closed = new boolean[1];
        PcapWriter writer = new PcapWriter(new OutputStream() {
            @Override
            public void write(int b) {}

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (length > 24) {
                    throw new IOException("full");
                }
            }

            @Override
            public void close() {
                closed[0] = true;
            }
        });
        writer.write(0, new byte[100]);
        assertThrows(UncheckedIOException.class, writer::close);
        assertTrue(closed[0]);
        writer.close();
    }

    @Test
    void refusesBoundsThatHoldNothing() {
        Path file = folder.resolve("no.pcap");
        assertThrows(IllegalArgumentException.class, () -> PcapWriter.to(file, 63, 1_000));
        assertThrows(IllegalArgumentException.class, () -> PcapWriter.to(file, 262_145, 1_000));
        assertThrows(IllegalArgumentException.class, () -> PcapWriter.to(file, 64, 23));
    }
}
