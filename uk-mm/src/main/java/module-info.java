/**
 * Memory: arenas over a platform's pages, the packet-buffer pool of a loop, and allocators to choose from.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.mm {
    requires io.netty.common;
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;

    exports io.uk4j.mm;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.mm.MemoryKeys;
}
