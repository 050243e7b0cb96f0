/**
 * The block layer: what stands between an application and a {@link io.uk4j.core.block.BlockDevice}. Each part is a block device over
 * others, so that they stack in any order.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.blk {
    requires transitive io.uk4j.core;
    requires transitive io.uk4j.sched;
    requires static transitive org.jspecify;

    exports io.uk4j.blk;

    provides io.uk4j.core.block.BlockDeviceProvider with
            io.uk4j.blk.RamDiskProvider;
    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.blk.BlkKeys;
}
