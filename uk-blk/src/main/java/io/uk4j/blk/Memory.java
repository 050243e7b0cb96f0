package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of a layer out of the platform's pages, which devices below reach without copies. It is zeroed.
 *
 * <p>Ownership: the buffers are the memory's; nobody releases them.
 */
final class Memory implements AutoCloseable {
    private final PageSource source;
    private final List<Pages> taken = new ArrayList<>();

    Memory(PageSource source) {
        this.source = source;
    }

    /**
     * Takes a buffer.
     *
     * @param bytes its capacity, more than 0
     * @throws io.uk4j.core.OutOfMemoryException if there is no such piece left
     */
    ByteBuf buffer(int bytes) {
        Pages pages = source.allocate(bytes, source.pageBytes());
        taken.add(pages);
        return Unpooled.wrappedBuffer(pages.segment().asSlice(0, bytes).asByteBuffer());
    }

    /** Gives everything back. The buffers must not be used any more. */
    @Override
    public void close() {
        taken.forEach(source::release);
        taken.clear();
    }
}
