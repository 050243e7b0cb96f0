package io.uk4j.testkit;

import io.uk4j.platform.sim.FrameTap;
import io.uk4j.platform.sim.WireDirection;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a capture that packet analysers open: classic pcap with nanoseconds (magic 0xa1b23c4d), link type Ethernet. As the
 * tap of a wire it records what both ends sent; see {@link TappedNetDevice} for other devices.
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class PcapWriter implements FrameTap, AutoCloseable {
    static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
    static final int LINKTYPE_ETHERNET = 1;
    static final int SNAPLEN_BYTES = 262_144;

    private final OutputStream out;

    /**
     * Begins a capture.
     *
     * @param out where it goes; closed with this
     * @throws UncheckedIOException if it cannot be written
     */
    public PcapWriter(OutputStream out) {
        this.out = out;
        ByteBuffer header = ByteBuffer.allocate(24);
        header.putInt(MAGIC_NANOSECONDS).putShort((short) 2).putShort((short) 4);
        header.putInt(0).putInt(0).putInt(SNAPLEN_BYTES).putInt(LINKTYPE_ETHERNET);
        write(header.array());
    }

    /**
     * Begins a capture in a file, in the place of an older one. Missing directories are made.
     *
     * @param file where it goes
     * @throws UncheckedIOException if it cannot be written
     */
    public static PcapWriter to(Path file) {
        try {
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            return new PcapWriter(new BufferedOutputStream(Files.newOutputStream(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Records a frame.
     *
     * @param timeNs when, 0 or more, in nanoseconds from any origin; with an origin of 1970 analysers show a date
     * @param frame from its Ethernet header on; not kept
     * @throws UncheckedIOException if it cannot be written
     */
    public void write(long timeNs, byte[] frame) {
        int captured = Math.min(frame.length, SNAPLEN_BYTES);
        ByteBuffer record = ByteBuffer.allocate(16 + captured);
        record.putInt((int) (timeNs / 1_000_000_000L)).putInt((int) (timeNs % 1_000_000_000L));
        record.putInt(captured).putInt(frame.length).put(frame, 0, captured);
        write(record.array());
    }

    @Override
    public void sent(long timeNs, WireDirection direction, byte[] frame) {
        write(timeNs, frame);
    }

    /** Ends the capture. */
    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(byte[] bytes) {
        try {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
