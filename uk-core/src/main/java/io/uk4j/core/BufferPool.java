package io.uk4j.core;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Packet buffers of one loop. Each slot owns one {@link ByteBuf} object for life; acquiring resets its indices, and the
 * last release puts it back. The buffers are direct and have a memory address; they must not be resized.
 *
 * <p>Thread rule: loop-owned, buffers included: each reference is added and given back on the loop, those of slices and duplicates too.
 */
public interface BufferPool {
    /**
     * Acquires a buffer with reference count 1, owned by the caller. Reader and writer index both stand at {@link
     * #headroomBytes()}; the bytes before are for headers that are put in front later.
     *
     * @param bytes how many bytes must be writable from there, more than 0
     * @return a buffer of the smallest fitting size class that has one left, or null if there is none: the pool is bounded, and
     *     the caller drops or postpones its work
     * @throws IllegalArgumentException if {@code bytes} is over {@link #maxBytes()}
     */
    @Nullable
    ByteBuf tryAcquire(int bytes);

    /** The largest {@code bytes} that {@link #tryAcquire} takes. */
    int maxBytes();

    /** How many bytes of each buffer lie before its first reader index. */
    int headroomBytes();

    /** How many bytes, in whole free slots, are left. */
    long availableBytes();

    /** How many bytes all slots hold together. */
    long capacityBytes();
}
