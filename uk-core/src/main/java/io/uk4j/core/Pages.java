package io.uk4j.core;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A piece of memory from a {@link PageSource}.
 *
 * @param segment the memory, for any thread, until it is released
 * @param deviceAddress where a device sees the first byte; equal to the segment's own address on platforms whose devices
 *     read the process's memory
 * @param handle what the platform needs to share the memory with another party (a memfd, a range of grant references);
 *     null where it cannot be shared
 */
public record Pages(
        MemorySegment segment, long deviceAddress, @Nullable Object handle) {}
