package io.uk4j.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads captures in classic pcap of link type Ethernet, of either byte order, with micro- or nanoseconds. */
public final class PcapReader {
    private static final int MAGIC_MICROSECONDS = 0xa1b2c3d4;
    private static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
    private static final int LINKTYPE_ETHERNET = 1;

    /**
     * A recorded frame.
     *
     * @param timeNs when, in nanoseconds
     * @param frame what was captured of it
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    public record Captured(long timeNs, byte[] frame) {}

    private PcapReader() {}

    /**
     * Reads a whole capture.
     *
     * @param file the capture
     * @return its frames, in order
     * @throws IOException if it cannot be read or is no such capture, or is cut off
     */
    public static List<Captured> read(Path file) throws IOException {
        return read(Files.readAllBytes(file));
    }

    /**
     * Reads a whole capture.
     *
     * @param bytes the capture
     * @return its frames, in order
     * @throws IOException if it is no such capture, or is cut off
     */
    public static List<Captured> read(byte[] bytes) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length < 24) {
            throw new IOException("Too short for a capture: " + bytes.length + " bytes.");
        }
        int magic = in.getInt(0);
        if (magic == Integer.reverseBytes(MAGIC_NANOSECONDS) || magic == Integer.reverseBytes(MAGIC_MICROSECONDS)) {
            in.order(ByteOrder.LITTLE_ENDIAN);
            magic = Integer.reverseBytes(magic);
        }
        if (magic != MAGIC_NANOSECONDS && magic != MAGIC_MICROSECONDS) {
            throw new IOException("Not a classic pcap: magic 0x" + Integer.toHexString(magic));
        }
        if (in.getInt(20) != LINKTYPE_ETHERNET) {
            throw new IOException("Not a capture of Ethernet: link type " + in.getInt(20));
        }
        long unitNs = magic == MAGIC_NANOSECONDS ? 1 : 1_000;
        in.position(24);
        List<Captured> frames = new ArrayList<>();
        while (in.hasRemaining()) {
            int length = in.remaining() < 16 ? -1 : in.getInt(in.position() + 8);
            if (length < 0 || length > in.remaining() - 16) {
                throw new IOException("Cut off, or damaged, at byte " + in.position() + ".");
            }
            long timeNs = Integer.toUnsignedLong(in.getInt()) * 1_000_000_000L + in.getInt() * unitNs;
            byte[] frame = new byte[length];
            in.position(in.position() + 8).get(frame);
            frames.add(new Captured(timeNs, frame));
        }
        return frames;
    }
}
