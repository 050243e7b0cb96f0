package io.uk4j.core.block;

import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request to a block device. The object is reusable: prepare it, submit it, and after its completion prepare it
 * again; nothing is allocated in between.
 *
 * <p>Thread rule: loop-owned; while it is under way it is the device's.
 */
public final class BlockRequest {
    /** What a request asks for. */
    public enum Operation {
        /** Reads the range into the fragments. */
        READ,
        /** Writes the fragments to the range. */
        WRITE,
        /** Makes durable every write that completed before this was submitted. */
        FLUSH,
        /** Says that the range's contents are of no use any more; reads of it return anything until it is written. */
        DISCARD,
        /** Makes the range read as zeros. */
        WRITE_ZEROES
    }

    /** Called once for each accepted request. */
    @FunctionalInterface
    public interface Completion {
        /**
         * The request is the caller's again.
         *
         * @param request the request
         * @param status {@link #OK}, {@link #IO_ERROR} or {@link #CLOSED}
         */
        void completed(BlockRequest request, int status);
    }

    /** Status: done. */
    public static final int OK = 0;

    /** Status: the device reported a failure; a write may have happened in part. */
    public static final int IO_ERROR = 1;

    /** Status: the device was closed before the request was done; a write may have happened in part. */
    public static final int CLOSED = 2;

    private final @Nullable ByteBuf[] buffers;
    private final int[] offsets;
    private final int[] lengths;
    private final Completion completion;
    private int fragments;
    private Operation operation = Operation.FLUSH;
    private long offsetBytes;
    private long lengthBytes;

    /**
     * Creates a request.
     *
     * @param fragmentLimit how many fragments it can hold, 1 or more
     * @param completion what to call when it is done
     */
    public BlockRequest(int fragmentLimit, Completion completion) {
        if (fragmentLimit < 1) {
            throw new IllegalArgumentException("A request holds 1 fragment or more, not " + fragmentLimit + ".");
        }
        buffers = new ByteBuf[fragmentLimit];
        offsets = new int[fragmentLimit];
        lengths = new int[fragmentLimit];
        this.completion = completion;
    }

    /**
     * Prepares a read or a write, to be completed by {@link #add}.
     *
     * @param newOperation {@link Operation#READ} or {@link Operation#WRITE}
     * @param newOffsetBytes where the range begins on the device
     * @return this
     */
    public BlockRequest transfer(Operation newOperation, long newOffsetBytes) {
        if (newOperation != Operation.READ && newOperation != Operation.WRITE) {
            throw new IllegalArgumentException(newOperation + " transfers no data.");
        }
        return prepare(newOperation, newOffsetBytes, 0);
    }

    /**
     * Prepares a discard or a write of zeros.
     *
     * @param newOperation {@link Operation#DISCARD} or {@link Operation#WRITE_ZEROES}
     * @param newOffsetBytes where the range begins on the device
     * @param newLengthBytes how long it is
     * @return this
     */
    public BlockRequest range(Operation newOperation, long newOffsetBytes, long newLengthBytes) {
        if (newOperation != Operation.DISCARD && newOperation != Operation.WRITE_ZEROES) {
            throw new IllegalArgumentException(newOperation + " is not about a bare range.");
        }
        return prepare(newOperation, newOffsetBytes, newLengthBytes);
    }

    /**
     * Prepares a flush.
     *
     * @return this
     */
    public BlockRequest flush() {
        return prepare(Operation.FLUSH, 0, 0);
    }

    private BlockRequest prepare(Operation newOperation, long newOffsetBytes, long newLengthBytes) {
        for (int i = 0; i < fragments; i++) {
            buffers[i] = null;
        }
        fragments = 0;
        operation = newOperation;
        offsetBytes = newOffsetBytes;
        lengthBytes = newLengthBytes;
        return this;
    }

    /**
     * Adds a fragment: a range of a direct buffer that holds, or takes, the next bytes of the transfer.
     *
     * @param buffer stays the caller's, who keeps it from being released until the completion
     * @param offset index of the fragment's first byte in the buffer
     * @param length its length in bytes, more than 0
     * @return this
     * @throws IllegalStateException if the request holds as many fragments as it can, or is neither a read nor a write
     * @throws IllegalArgumentException if the offset is negative or the length is not more than 0
     */
    public BlockRequest add(ByteBuf buffer, int offset, int length) {
        if (fragments == buffers.length) {
            throw new IllegalStateException("This request holds " + fragments + " fragments at most.");
        }
        if (operation != Operation.READ && operation != Operation.WRITE) {
            throw new IllegalStateException(operation + " transfers no data.");
        }
        if (offset < 0 || length <= 0) {
            throw new IllegalArgumentException("Offset " + offset + " or length " + length + " is out of range.");
        }
        buffers[fragments] = buffer;
        offsets[fragments] = offset;
        lengths[fragments] = length;
        fragments++;
        lengthBytes += length;
        return this;
    }

    /** What is asked for. */
    public Operation operation() {
        return operation;
    }

    /** Where the range begins on the device, in bytes. */
    public long offsetBytes() {
        return offsetBytes;
    }

    /** How long the range is, in bytes. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** How many fragments there are. */
    public int fragments() {
        return fragments;
    }

    /** The buffer of a fragment. */
    public ByteBuf buffer(int fragment) {
        return Objects.requireNonNull(buffers[Objects.checkIndex(fragment, fragments)]);
    }

    /** Where a fragment begins in its buffer. */
    public int offset(int fragment) {
        return offsets[Objects.checkIndex(fragment, fragments)];
    }

    /** How many bytes a fragment has. */
    public int length(int fragment) {
        return lengths[Objects.checkIndex(fragment, fragments)];
    }

    /**
     * Called by the device, once.
     *
     * @param status {@link #OK}, {@link #IO_ERROR} or {@link #CLOSED}
     */
    public void complete(int status) {
        completion.completed(this, status);
    }
}
