package io.uk4j.core.net;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A short queue of frames on their way between a stack and a device, in plain arrays: nothing is allocated when frames
 * come and go. A frame is one or more fragments, each a range of a buffer, plus what {@code virtio_net_hdr} carries
 * (VIRTIO 1.3, section 5.1.6). Whoever keeps a batch keeps it for life.
 *
 * <p>Ownership: a batch holds one reference of each fragment's buffer. {@link #append} takes the caller's reference,
 * {@link #dropFirst} forgets references that somebody else has taken over, {@link #releaseFirst} gives them back.
 *
 * <p>Building: {@link #append} for each fragment, {@link #offload} where wanted, then {@link #endFrame}. A frame is
 * visible to readers from {@link #endFrame} on. Indices of frames count from 0 at the front; indices of fragments count
 * within the frame.
 *
 * <p>Thread rule: loop-owned.
 */
public final class FrameBatch {
    /** How many frames move at once, unless a batch is made otherwise. */
    public static final int DEFAULT_FRAMES = 32;

    /** Flag: the checksum from {@link #checksumStart} on is to be computed and stored (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
    public static final int NEEDS_CHECKSUM = 1;

    /** Flag of a received frame: its checksum was verified (VIRTIO_NET_HDR_F_DATA_VALID). */
    public static final int CHECKSUM_VALID = 2;

    /** Segmentation type: none (VIRTIO_NET_HDR_GSO_NONE). */
    public static final int GSO_NONE = 0;

    /** Segmentation type: TCP over IPv4 (VIRTIO_NET_HDR_GSO_TCPV4). */
    public static final int GSO_TCPV4 = 1;

    /** Segmentation type: TCP over IPv6 (VIRTIO_NET_HDR_GSO_TCPV6). */
    public static final int GSO_TCPV6 = 4;

    /**
     * Segmentation type: UDP over IPv4 or IPv6 (VIRTIO_NET_HDR_GSO_UDP_L4). Each piece of the payload is a datagram of its own, and the
     * last one may be shorter.
     */
    public static final int GSO_UDP = 5;

    /** Bit in the segmentation type, of TCP only: the segments carry ECN marks (VIRTIO_NET_HDR_GSO_ECN). */
    public static final int GSO_ECN = 0x80;

    private final int frameLimit;
    private final int fragmentLimit;

    private final @Nullable ByteBuf[] buffers;
    private final int[] offsets;
    private final int[] lengths;

    /** Where each frame's fragments begin; the entry after the last frame is where they end. */
    private final int[] firstFragment;

    private final int[] frameBytes;

    /** What is left to the device, in one word: see {@link #offloads}. 0 for most frames. */
    private final long[] offloads;

    /** Where the checksum is stored; counts only where the word is not 0. */
    private final char[] checksumOffsets;

    /** How many whole frames there are; the one that is being built has this index. */
    private int frames;

    private int fragmentTail;

    /** Creates a batch of {@value #DEFAULT_FRAMES} frames with room for 8 fragments each on the average. */
    public FrameBatch() {
        this(DEFAULT_FRAMES, DEFAULT_FRAMES * 8);
    }

    /**
     * Creates a batch.
     *
     * @param frameLimit how many frames it holds, 1 to 1,024
     * @param fragmentLimit how many fragments all of them may have together, at least as many, at most 65,536
     */
    public FrameBatch(int frameLimit, int fragmentLimit) {
        if (frameLimit < 1 || frameLimit > 1024 || fragmentLimit < frameLimit || fragmentLimit > 65_536) {
            throw new IllegalArgumentException("frameLimit " + frameLimit
                    + " is not within 1 and 1024, or fragmentLimit " + fragmentLimit + " not within that and 65536.");
        }
        this.frameLimit = frameLimit;
        this.fragmentLimit = fragmentLimit;
        buffers = new ByteBuf[fragmentLimit];
        offsets = new int[fragmentLimit];
        lengths = new int[fragmentLimit];
        firstFragment = new int[frameLimit + 1];
        frameBytes = new int[frameLimit];
        offloads = new long[frameLimit];
        checksumOffsets = new char[frameLimit];
    }

    /** How many whole frames there are. */
    public int frames() {
        return frames;
    }

    /** Whether there is no whole frame. */
    public boolean isEmpty() {
        return frames == 0;
    }

    /** How many more frames fit. */
    public int frameSpace() {
        return frameLimit - frames;
    }

    /** How many more fragments fit; 0 when no further frame fits. */
    public int fragmentSpace() {
        return frames == frameLimit ? 0 : fragmentLimit - fragmentTail;
    }

    /**
     * Appends a fragment to the frame that is being built, starting one where none is.
     *
     * @param buffer the caller's reference moves to the batch
     * @param offset index of the fragment's first byte in the buffer
     * @param length its length in bytes, 0 or more
     * @throws IllegalStateException if {@link #fragmentSpace} is 0; the reference stays with the caller
     * @throws IllegalArgumentException if the offset or the length is negative; the reference stays with the caller
     */
    public void append(ByteBuf buffer, int offset, int length) {
        if (fragmentSpace() == 0) {
            throw new IllegalStateException("The batch is full: look at fragmentSpace() first.");
        }
        if ((offset | length) < 0) {
            throw new IllegalArgumentException("Offset " + offset + " or length " + length + " is negative.");
        }
        int fragment = fragmentTail;
        if (isBuilding()) {
            frameBytes[frames] += length;
        } else {
            frameBytes[frames] = length;
            offloads[frames] = 0;
        }
        buffers[fragment] = buffer;
        offsets[fragment] = offset;
        lengths[fragment] = length;
        fragmentTail = fragment + 1;
    }

    /**
     * Says what is left to the device, or what the device found, for the frame that is being built. Call it after the
     * frame's first {@link #append}.
     *
     * @param newFlags {@link #NEEDS_CHECKSUM}, {@link #CHECKSUM_VALID}, both or 0
     * @param gsoType {@link #GSO_NONE}, {@link #GSO_TCPV4} or {@link #GSO_TCPV6}, with {@link #GSO_ECN} or without, or
     *     {@link #GSO_UDP}
     * @param gsoSize payload bytes of each segment that is to be cut
     * @param headerLength bytes of Ethernet, IP and transport header together
     * @param checksumStart where the checksum begins, in bytes from the start of the frame
     * @param checksumOffset where to store it, in bytes from {@code checksumStart}
     * @throws IllegalStateException if no frame is being built
     */
    public void offload(
            int newFlags, int gsoType, int gsoSize, int headerLength, int checksumStart, int checksumOffset) {
        checkBuilding();
        offloads[frames] = (newFlags & 0xffL)
                | (gsoType & 0xffL) << 8
                | (headerLength & 0xffffL) << 16
                | (gsoSize & 0xffffL) << 32
                | (long) checksumStart << 48;
        checksumOffsets[frames] = (char) checksumOffset;
    }

    /**
     * Ends the frame that is being built: it is part of the batch now.
     *
     * @throws IllegalStateException if it has no fragment
     */
    public void endFrame() {
        checkBuilding();
        frames++;
        firstFragment[frames] = fragmentTail;
    }

    private boolean isBuilding() {
        return fragmentTail != firstFragment[frames];
    }

    private void checkBuilding() {
        if (!isBuilding()) {
            throw new IllegalStateException("No frame is being built: append a fragment first.");
        }
    }

    /** Releases the fragments of the frame that is being built, if there are any, and forgets it. */
    public void abandonFrame() {
        releaseFragments(firstFragment[frames], fragmentTail);
        fragmentTail = firstFragment[frames];
    }

    /**
     * How many fragments a frame has. This and all that follows throws {@link IndexOutOfBoundsException} where there is no
     * such frame or fragment.
     */
    public int fragments(int frame) {
        int index = checkFrame(frame);
        return firstFragment[index + 1] - firstFragment[index];
    }

    /** The buffer of a frame's fragment, which was not taken; the batch keeps its reference. */
    public ByteBuf buffer(int frame, int fragment) {
        ByteBuf buffer = buffers[checkFragment(frame, fragment)];
        if (buffer == null) {
            throw new IndexOutOfBoundsException("Fragment " + fragment + " of frame " + frame + " was taken.");
        }
        return buffer;
    }

    /** Where a frame's fragment begins in its buffer. */
    public int offset(int frame, int fragment) {
        return offsets[checkFragment(frame, fragment)];
    }

    /** How many bytes a frame's fragment has. */
    public int length(int frame, int fragment) {
        return lengths[checkFragment(frame, fragment)];
    }

    /** How many bytes a frame has, over all its fragments. */
    public int frameBytes(int frame) {
        return frameBytes[checkFrame(frame)];
    }

    /**
     * All that {@link #offload} said of a frame but the checksum's offset, as the first eight bytes of {@code virtio_net_hdr} in little-endian
     * order: flags, segmentation type, length of the headers, size of a segment, start of the checksum. 0 if nothing was said.
     */
    public long offloads(int frame) {
        return offloads[checkFrame(frame)];
    }

    /** A frame's flags. */
    public int flags(int frame) {
        return (int) offloads(frame) & 0xff;
    }

    /** A frame's segmentation type. */
    public int gsoType(int frame) {
        return (int) (offloads(frame) >>> 8) & 0xff;
    }

    /** Payload bytes of each segment that a frame stands for; 0 without segmentation. */
    public int gsoSize(int frame) {
        return (int) (offloads(frame) >>> 32) & 0xffff;
    }

    /** Bytes of all headers of a frame; a hint, 0 where unknown. */
    public int headerLength(int frame) {
        return (int) (offloads(frame) >>> 16) & 0xffff;
    }

    /** Where the checksum of a frame with {@link #NEEDS_CHECKSUM} begins. */
    public int checksumStart(int frame) {
        return (int) (offloads(frame) >>> 48);
    }

    /** Where the checksum of a frame with {@link #NEEDS_CHECKSUM} is stored, from {@link #checksumStart}. */
    public int checksumOffset(int frame) {
        return offloads(frame) == 0 ? 0 : checksumOffsets[frame];
    }

    /**
     * Takes a fragment's reference out of the batch: it is the caller's now, and the fragment must not be read any more.
     * The frame itself stays, to be dropped or released as a whole.
     *
     * @return the buffer
     */
    public ByteBuf take(int frame, int fragment) {
        ByteBuf buffer = buffer(frame, fragment);
        buffers[firstFragment[frame] + fragment] = null;
        return buffer;
    }

    /**
     * Forgets frames at the front whose references somebody else has taken over.
     *
     * @param count how many, 0 to {@link #frames}
     */
    public void dropFirst(int count) {
        int end = firstFragment[checkCount(count)];
        Arrays.fill(buffers, 0, end, null);
        removeFirst(count);
    }

    /**
     * Releases frames at the front, except fragments that were taken.
     *
     * @param count how many, 0 to {@link #frames}
     */
    public void releaseFirst(int count) {
        releaseFragments(0, firstFragment[checkCount(count)]);
        removeFirst(count);
    }

    /** Releases everything, a frame that is being built included. */
    public void clear() {
        abandonFrame();
        releaseFirst(frames);
    }

    private int checkFrame(int frame) {
        return Objects.checkIndex(frame, frames);
    }

    /** The place of a fragment in the arrays. */
    private int checkFragment(int frame, int fragment) {
        int first = firstFragment[checkFrame(frame)];
        return first + Objects.checkIndex(fragment, firstFragment[frame + 1] - first);
    }

    private int checkCount(int count) {
        if (count < 0 || count > frames) {
            throw new IllegalArgumentException("There are " + frames + " frames, not " + count + ".");
        }
        return count;
    }

    private void releaseFragments(int from, int to) {
        for (int i = from; i < to; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                buffers[i] = null;
                buffer.release();
            }
        }
    }

    /** Moves what is left to the front of the arrays, so that all space is free again at the end. */
    private void removeFirst(int count) {
        if (count == 0) {
            return;
        }
        int base = firstFragment[count];
        int fragments = fragmentTail - base;
        if (fragments > 0) {
            System.arraycopy(buffers, base, buffers, 0, fragments);
            Arrays.fill(buffers, Math.max(fragments, base), fragmentTail, null);
            System.arraycopy(offsets, base, offsets, 0, fragments);
            System.arraycopy(lengths, base, lengths, 0, fragments);
            // One more than the whole frames, for the one that is being built.
            int moved = Math.min(frames + 1, frameLimit) - count;
            System.arraycopy(frameBytes, count, frameBytes, 0, moved);
            System.arraycopy(offloads, count, offloads, 0, moved);
            System.arraycopy(checksumOffsets, count, checksumOffsets, 0, moved);
        }
        frames -= count;
        for (int i = 0; i <= frames; i++) {
            firstFragment[i] = firstFragment[count + i] - base;
        }
        fragmentTail = fragments;
    }
}
