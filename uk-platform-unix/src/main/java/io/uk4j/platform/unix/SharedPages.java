package io.uk4j.platform.unix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Pages out of one piece of shared memory, so that a device in another process can be given all of them at once. They are cut
 * first-fit; what is released is given back to the host, and reads as zeros when it is allocated again.
 */
final class SharedPages extends TrackedPages {
    private final SharedMemory memory;
    private final MemorySegment callState = Posix.newCallState();

    /** Free ranges: where each begins, and its length; no two of them touch. */
    private final TreeMap<Long, Long> free = new TreeMap<>();

    /** Creates them; all pages together may take so much, which is whole pages. */
    SharedPages(long limitBytes) {
        super(Posix.pageBytes());
        memory = SharedMemory.create("uk4j", limitBytes);
        free.put(0L, limitBytes);
    }

    @Override
    SharedMemory handle() {
        return memory;
    }

    @Override
    @Nullable
    MemorySegment tryAllocate(long bytes, long alignment, Arena arena) {
        long offset = take(bytes, alignment);
        return offset < 0
                ? null
                : Posix.segment(memory.segment().address() + offset, bytes, arena, _ -> giveBack(offset, bytes));
    }

    private synchronized long take(long bytes, long alignment) {
        long base = memory.segment().address();
        for (Map.Entry<Long, Long> range : free.entrySet()) {
            long from = range.getKey();
            long end = from + range.getValue();
            long start = ((base + from + alignment - 1) & -alignment) - base;
            if (start >= from && start <= end && end - start >= bytes) {
                free.remove(from);
                putFree(from, start);
                putFree(start + bytes, end);
                return start;
            }
        }
        return -1;
    }

    private void putFree(long from, long end) {
        if (end > from) {
            free.put(from, end - from);
        }
    }

    private synchronized void giveBack(long offset, long bytes) {
        int result = PosixIpc.punchHole(memory.fd(), offset, bytes, callState);
        if (result < 0) {
            // Zeroed memory is promised; this costs the host's memory, and happens where a container's filter knows no
            // fallocate.
            memory.segment().asSlice(offset, bytes).fill((byte) 0);
        }
        long from = offset;
        long end = offset + bytes;
        Map.Entry<Long, Long> before = free.lowerEntry(offset);
        if (before != null && before.getKey() + before.getValue() == offset) {
            from = before.getKey();
            free.remove(from);
        }
        Long after = free.remove(end);
        putFree(from, after == null ? end : end + after);
    }

    @Override
    void closeSource() {
        memory.close();
    }
}
