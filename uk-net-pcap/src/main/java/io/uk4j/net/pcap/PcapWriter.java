package io.uk4j.net.pcap;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.net.FrameBatch;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;

/**
 * Writes a capture that packet analysers open: classic pcap, version 2.4, with nanoseconds (magic 0xa1b23c4d) in big-endian order,
 * link type Ethernet without frame check sequence (LINKTYPE_ETHERNET, 1); see draft-ietf-opsawg-pcap. {@link TappedNetDevice}
 * makes one of what passes a device.
 *
 * <p>Frames are gathered in memory, up to 64 KiB and what one batch of a device adds, and written out together; {@link #flush}
 * writes at once. Nothing is allocated for a frame, but when that memory grows to what the largest batch so far needs.
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class PcapWriter implements AutoCloseable {
    /** The smallest {@code snaplenBytes}: the headers of Ethernet, IPv4 and TCP without options, and a little more. */
    public static final int MIN_SNAPLEN_BYTES = 64;

    /** The largest {@code snaplenBytes}, more than any frame has. */
    public static final int MAX_SNAPLEN_BYTES = 262_144;

    private static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
    private static final int VERSION = 2 << 16 | 4;
    private static final int LINKTYPE_ETHERNET = 1;
    private static final int HEADER_BYTES = 24;
    private static final int RECORD_HEADER_BYTES = 16;
    private static final int CHUNK_BYTES = 64 << 10;
    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final OutputStream out;
    private final String name;
    private final int snaplenBytes;
    private final long limitBytes;

    /** What is not written out yet, before {@link #end}. */
    private byte[] pending = new byte[CHUNK_BYTES];

    private int end;
    private long writtenBytes;

    /**
     * Begins a capture of whole frames, without a bound.
     *
     * @param out where it goes; closed with this
     * @throws UncheckedIOException if it cannot be written
     */
    public PcapWriter(OutputStream out) {
        this(out, "a stream", MAX_SNAPLEN_BYTES, Long.MAX_VALUE);
    }

    private PcapWriter(OutputStream out, String name, int snaplenBytes, long limitBytes) {
        if (snaplenBytes < MIN_SNAPLEN_BYTES || snaplenBytes > MAX_SNAPLEN_BYTES || limitBytes < HEADER_BYTES) {
            throw new IllegalArgumentException("snaplenBytes " + snaplenBytes + " is not within " + MIN_SNAPLEN_BYTES
                    + " and " + MAX_SNAPLEN_BYTES + ", or limitBytes " + limitBytes + " is less than the header's "
                    + HEADER_BYTES + ".");
        }
        this.out = out;
        this.name = name;
        this.snaplenBytes = snaplenBytes;
        this.limitBytes = limitBytes;
        putInt(MAGIC_NANOSECONDS);
        putInt(VERSION);
        putInt(0);
        putInt(0);
        putInt(snaplenBytes);
        putInt(LINKTYPE_ETHERNET);
        // At once, so that whoever asked for it hears of a disk that is full.
        flush();
    }

    /**
     * Begins a capture of whole frames in a file, without a bound, in the place of an older file. Missing directories are made.
     *
     * @param file where it goes
     * @throws UncheckedIOException if it cannot be written
     */
    public static PcapWriter to(Path file) {
        return to(file, MAX_SNAPLEN_BYTES, Long.MAX_VALUE);
    }

    /**
     * Begins a capture in a file, in the place of an older file. Missing directories are made.
     *
     * @param file where it goes
     * @param snaplenBytes how many bytes of each frame are captured, {@value #MIN_SNAPLEN_BYTES} to {@value #MAX_SNAPLEN_BYTES}
     * @param limitBytes how long the file gets at most, 24 or more; see {@link #write}
     * @throws UncheckedIOException if it cannot be written; its cause says why in a few words
     */
    public static PcapWriter to(Path file, int snaplenBytes, long limitBytes) {
        OutputStream out;
        try {
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null && !Files.isDirectory(directory)) {
                Files.createDirectories(directory);
            }
            readyForSecrets(file);
            // Not a channel: one that an interrupt closes would end the capture.
            out = new FileOutputStream(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            return new PcapWriter(out, file.toString(), snaplenBytes, limitBytes);
        } catch (RuntimeException | Error e) {
            closeAfter(e, out);
            throw e;
        }
    }

    /** A capture holds all that clients sent: where it is a new file, it is for its owner alone, and it never goes where a link leads. */
    private static void readyForSecrets(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) {
            throw new FileSystemException(file.toString(), null, "a symbolic link");
        }
        boolean ownable = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (ownable && !Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
    }

    private static void closeAfter(Throwable failure, OutputStream out) {
        try {
            out.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Records a frame.
     *
     * @param timeNs when, in nanoseconds from any origin, before the year 2106 of it; with an origin of 1970 analysers show a
     *     date. A negative time is recorded as 0
     * @param frame from its Ethernet header on; not kept
     * @return false if what is to be captured of it does not fit under the limit any more; then nothing of it is recorded
     * @throws UncheckedIOException if the capture cannot be written
     */
    public boolean write(long timeNs, byte[] frame) {
        int captured = begin(timeNs, frame.length);
        if (captured < 0) {
            return false;
        }
        System.arraycopy(frame, 0, pending, end, captured);
        end += captured;
        if (isDue()) {
            flush();
        }
        return true;
    }

    /**
     * Records a frame of a batch in memory only; {@link #isDue} tells when to flush. A checksum that was left to a device is
     * completed in the record of a frame that is captured whole: the folded sum of the pseudo header stands in its field.
     *
     * @return false if it does not fit under the limit
     */
    boolean stage(long timeNs, FrameBatch batch, int frame) {
        int captured = begin(timeNs, batch.frameBytes(frame));
        if (captured < 0) {
            return false;
        }
        int first = end;
        int last = first + captured;
        for (int i = 0; end < last; i++) {
            int length = Math.min(batch.length(frame, i), last - end);
            copy(batch.buffer(frame, i), batch.offset(frame, i), length);
        }
        if ((batch.flags(frame) & FrameBatch.NEEDS_CHECKSUM) != 0 && captured == batch.frameBytes(frame)) {
            complete(first, batch.checksumStart(frame), batch.checksumOffset(frame));
        }
        return true;
    }

    private void copy(ByteBuf buffer, int offset, int length) {
        // Of what is one piece, the way that makes no object.
        if (buffer.nioBufferCount() == 1 && !buffer.isReadOnly()) {
            buffer.internalNioBuffer(offset, length).get(pending, end, length);
        } else {
            buffer.getBytes(offset, pending, end, length);
        }
        end += length;
    }

    /** Writes a record's header; returns how many bytes of the frame are to follow, for which there is room, or -1. */
    private int begin(long timeNs, int frameBytes) {
        int captured = Math.min(frameBytes, snaplenBytes);
        int bytes = RECORD_HEADER_BYTES + captured;
        if (bytes > limitBytes - bytes()) {
            return -1;
        }
        if (bytes > pending.length - end) {
            pending = Arrays.copyOf(pending, Math.max(end + bytes, 2 * pending.length));
        }
        long time = Math.max(0, timeNs);
        putInt((int) (time / NS_PER_SECOND));
        putInt((int) (time % NS_PER_SECOND));
        putInt(captured);
        putInt(frameBytes);
        return captured;
    }

    private void putInt(int value) {
        INT.set(pending, end, value);
        end += Integer.BYTES;
    }

    /** Stores the Internet checksum (RFC 1071) of a record's bytes from {@code start} to the end, unless that lies outside. */
    private void complete(int first, int start, int offset) {
        int from = first + start;
        int at = from + offset;
        if (at + Short.BYTES > end) {
            return;
        }
        long sum = 0;
        int i = from;
        // Words of any width have the same sum once it is folded (RFC 1071, section 2, C).
        for (; i + Integer.BYTES <= end; i += Integer.BYTES) {
            sum += Integer.toUnsignedLong((int) INT.get(pending, i));
        }
        for (int shift = 24; i < end; i++, shift -= 8) {
            sum += (pending[i] & 0xffL) << shift;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        // UDP has no checksum of 0 (RFC 768), and to TCP both are the same.
        int checksum = sum == 0xffff ? 0xffff : (int) ~sum & 0xffff;
        pending[at] = (byte) (checksum >>> 8);
        pending[at + 1] = (byte) checksum;
    }

    /** How long the capture is by now, with what is not written out yet. */
    public long bytes() {
        return writtenBytes + end;
    }

    /** Forgets what was recorded since {@link #bytes} was that, if nothing was written out meanwhile. */
    void rewind(long bytes) {
        end = (int) (bytes - writtenBytes);
    }

    /** Whether so much is gathered that it is to be written out. */
    boolean isDue() {
        return end >= CHUNK_BYTES;
    }

    /**
     * Writes out what is gathered.
     *
     * @throws UncheckedIOException if it cannot be written; then what was gathered is lost, and the capture may end in the
     *     middle of a frame
     */
    public void flush() {
        if (end == 0) {
            return;
        }
        int bytes = end;
        end = 0;
        try {
            out.write(pending, 0, bytes);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        writtenBytes += bytes;
    }

    /**
     * Writes out what is gathered, and ends the capture. Closing twice has no further effect.
     *
     * @throws UncheckedIOException if it cannot be written; the file is closed even then
     */
    @Override
    public void close() {
        try (out) {
            flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it goes: the file. */
    @Override
    public String toString() {
        return name;
    }
}
