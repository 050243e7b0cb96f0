package io.uk4j.platform.unix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Anonymous private mappings. The host commits a page when it is first written. */
final class MappedPages extends TrackedPages {
    MappedPages() {
        super(Posix.pageBytes());
    }

    @Override
    @Nullable
    MemorySegment tryAllocate(long bytes, long alignment, Arena arena) {
        // The kernel aligns to pages only; for more, the surplus at both ends is given back.
        long surplus = alignment - pageBytes();
        if (bytes + surplus < 0) {
            return null;
        }
        long mapped = Posix.map(bytes + surplus, Posix.newCallState());
        if (mapped < 0) {
            return null;
        }
        long address = (mapped + alignment - 1) & -alignment;
        if (address > mapped) {
            Posix.unmap(mapped, address - mapped);
        }
        if (address < mapped + surplus) {
            Posix.unmap(address + bytes, mapped + surplus - address);
        }
        return Posix.segment(address, bytes, arena, segment -> Posix.unmap(segment.address(), bytes));
    }
}
