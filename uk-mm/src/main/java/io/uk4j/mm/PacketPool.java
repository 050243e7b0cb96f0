package io.uk4j.mm;

import io.uk4j.core.BufferPool;
import io.uk4j.core.EventLoop;
import io.uk4j.core.PageSource;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The packet buffers of one loop. All memory is taken when the pool is built; each slot has one {@link PoolBuffer} for life, made
 * when the slot is handed out for the first time. Acquiring and releasing are O(1), take no lock and allocate nothing else. Each size class keeps
 * the slots that came back in a list of its own, last in, first out, so that the slot that is handed out is the one that the
 * processor's caches know best.
 *
 * <p>By default three quarters of the budget are slots of 2 KiB, which hold an Ethernet frame of 1,514 bytes with its
 * headroom, and the rest are slots of 16 KiB, for the segments that offloads put together. A slot starts at a multiple of
 * the largest power of two that divides its size, up to a page; so one of 2 KiB never lies in two pages. Memory is taken from the source in chunks of 2 MiB (less for a smaller
 * pool); a chunk loses less than one slot at its end, and the last one is partly unused.
 *
 * <p>Where no fitting class has a slot left, {@link #tryAcquire} returns null and counts that. Counters, each by class:
 * {@code uk_mm_pool_acquired_total}, {@code uk_mm_pool_refused_total}, {@code uk_mm_pool_overflowed_total} (a larger
 * class had to help out), and the gauges {@code uk_mm_pool_in_use} and {@code uk_mm_pool_slots}.
 *
 * <p>Thread rule: loop-owned, buffers included; see {@link Builder#owner}. It may be built and closed by another thread
 * while the loop does not use it.
 */
public final class PacketPool implements BufferPool, AutoCloseable {
    /** How many bytes of each buffer lie before its first reader index, unless the builder is told otherwise. */
    public static final int DEFAULT_HEADROOM_BYTES = 128;

    /** Slots start at a multiple of this, so that no two of them share a line. */
    static final int CACHE_LINE_BYTES = 64;

    private static final int SMALL_SLOT_BYTES = 2 << 10;
    private static final int LARGE_SLOT_BYTES = 16 << 10;
    private static final long CHUNK_BYTES = 2L << 20;
    private static final int PLACES_TOLD = 8;

    private final SlotClass[] classes;
    private final PageArena arena;
    private final int headroomBytes;
    private final long capacityBytes;
    private boolean closed;

    /**
     * A size class.
     *
     * @param slotBytes size of a slot with its headroom, a multiple of 64
     * @param slots how many there are, 1 or more
     */
    record SizeClass(int slotBytes, int slots) {
        long totalBytes() {
            return (long) slotBytes * slots;
        }
    }

    private PacketPool(Builder builder, List<SizeClass> sizes) {
        headroomBytes = builder.headroomBytes;
        capacityBytes = sizes.stream().mapToLong(SizeClass::totalBytes).sum();
        arena = new PageArena(builder.source, Math.min(CHUNK_BYTES, capacityBytes), Long.MAX_VALUE);
        classes = new SlotClass[sizes.size()];
        try {
            for (int i = 0; i < classes.length; i++) {
                classes[i] = new SlotClass(sizes.get(i), builder, arena);
            }
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Begins a pool.
     *
     * @param source where its memory comes from, and goes when the pool is closed
     */
    public static Builder builder(PageSource source) {
        return new Builder(source);
    }

    @Override
    public @Nullable PoolBuffer tryAcquire(int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("A buffer for " + bytes + " bytes: it must be more than 0.");
        }
        for (int i = 0; i < classes.length; i++) {
            if (bytes <= classes[i].writableBytes) {
                PoolBuffer buffer = classes[i].tryTake();
                return buffer != null ? buffer : tryOverflow(i);
            }
        }
        throw new IllegalArgumentException("A buffer for " + bytes + " bytes: this pool's have up to " + maxBytes()
                + " bytes after the headroom.");
    }

    private @Nullable PoolBuffer tryOverflow(int fitting) {
        for (int i = fitting + 1; i < classes.length; i++) {
            PoolBuffer buffer = classes[i].tryTake();
            if (buffer != null) {
                classes[fitting].overflowed.increment();
                return buffer;
            }
        }
        if (closed) {
            throw new IllegalStateException("This pool is closed.");
        }
        classes[fitting].refused.increment();
        return null;
    }

    @Override
    public int maxBytes() {
        return classes[classes.length - 1].writableBytes;
    }

    @Override
    public int headroomBytes() {
        return headroomBytes;
    }

    @Override
    public long availableBytes() {
        long bytes = 0;
        for (SlotClass slotClass : classes) {
            bytes += (long) slotClass.free() * slotClass.slotBytes;
        }
        return bytes;
    }

    @Override
    public long capacityBytes() {
        return capacityBytes;
    }

    /** How many buffers are out. */
    public int inUse() {
        int buffers = 0;
        for (SlotClass slotClass : classes) {
            buffers += slotClass.inUse();
        }
        return buffers;
    }

    /**
     * Gives the memory back. Closing twice has no further effect.
     *
     * @throws IllegalStateException if buffers are out: says how many of which size and, if the pool tracks leaks, where
     *     they were acquired. The pool stays as it was, because somebody may still write to them; it can be closed once
     *     they are back
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (inUse() > 0) {
            throw new IllegalStateException(describeInUse());
        }
        closed = true;
        for (SlotClass slotClass : classes) {
            slotClass.drop();
        }
        arena.close();
    }

    private String describeInUse() {
        StringBuilder text = new StringBuilder("Packet buffers were not released:");
        String separator = " ";
        for (SlotClass slotClass : classes) {
            if (slotClass.inUse() > 0) {
                text.append(separator)
                        .append(slotClass.inUse())
                        .append(" of ")
                        .append(slotClass.slots)
                        .append(" with ")
                        .append(slotClass.slotBytes)
                        .append(" bytes");
                separator = ", ";
            }
        }
        int told = text.length();
        for (SlotClass slotClass : classes) {
            slotClass.describeHolders(text, PLACES_TOLD);
        }
        if (text.length() == told) {
            text.append(".\nTry: ").append(MemoryKeys.POOL_TRACK).append("=true shows where they were acquired.");
        }
        return text.toString();
    }

    /** Says what a pool is to be like. Not thread safe. */
    public static final class Builder {
        final PageSource source;
        int headroomBytes = DEFAULT_HEADROOM_BYTES;
        boolean trackLeaks;

        @Nullable
        Counters counters;

        BooleanSupplier onLoop = () -> true;

        private long budgetBytes = MemoryKeys.POOL_BYTES.parse(String.valueOf(MemoryKeys.POOL_BYTES.defaultText()));
        private final List<SizeClass> sizes = new ArrayList<>();

        private Builder(PageSource source) {
            this.source = source;
        }

        /**
         * Takes budget and tracking from the keys of {@link MemoryKeys}.
         *
         * @return this
         */
        public Builder configure(Config config) {
            return budgetBytes(config.get(MemoryKeys.POOL_BYTES)).trackLeaks(config.get(MemoryKeys.POOL_TRACK));
        }

        /**
         * How much memory to split between the default size classes; has no effect where {@link #sizeClass} names others.
         *
         * @param bytes 64 KiB or more; at most as many slots are made as fit into it
         * @return this
         * @throws IllegalArgumentException if it is out of that range
         */
        public Builder budgetBytes(long bytes) {
            if (bytes < 4L * LARGE_SLOT_BYTES || bytes / SMALL_SLOT_BYTES > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("A budget of " + bytes + " bytes is not between "
                        + 4L * LARGE_SLOT_BYTES + " and " + (long) Integer.MAX_VALUE * SMALL_SLOT_BYTES + ".");
            }
            budgetBytes = bytes;
            return this;
        }

        /**
         * Adds a size class, in the place of the default ones.
         *
         * @param slotBytes size of a slot with its headroom: a multiple of 64, more than the headroom, named once
         * @param slots how many, 1 or more
         * @return this
         * @throws IllegalArgumentException if an argument is out of its range
         */
        public Builder sizeClass(int slotBytes, int slots) {
            if (slotBytes <= 0 || slotBytes % CACHE_LINE_BYTES != 0 || slots < 1) {
                throw new IllegalArgumentException(slots + " slots must be 1 or more, and their " + slotBytes
                        + " bytes a multiple of " + CACHE_LINE_BYTES + ".");
            }
            if (sizes.stream().anyMatch(size -> size.slotBytes == slotBytes)) {
                throw new IllegalArgumentException("There is a class of " + slotBytes + " bytes already.");
            }
            sizes.add(new SizeClass(slotBytes, slots));
            return this;
        }

        /**
         * How many bytes of each buffer lie before its first reader index; {@value #DEFAULT_HEADROOM_BYTES} by default.
         *
         * @param bytes 0 or more
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder headroomBytes(int bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("A headroom of " + bytes + " bytes is negative.");
            }
            headroomBytes = bytes;
            return this;
        }

        /**
         * Where the pool's counters hang; nowhere by default. Where there are several loops, a label tells their pools
         * apart: {@code counters.with("loop", name)}.
         *
         * @return this
         */
        public Builder counters(Counters registry) {
            counters = registry;
            return this;
        }

        /**
         * Whether to remember the stack trace of each acquisition. That allocates and is slow; it is for tests and for
         * the search for a leak.
         *
         * @return this
         */
        public Builder trackLeaks(boolean track) {
            trackLeaks = track;
            return this;
        }

        /**
         * The loop that owns the pool. Where assertions are enabled ({@code -ea}), acquiring or releasing outside of it
         * is an {@link AssertionError}. Without an owner nothing is checked.
         *
         * @return this
         */
        public Builder owner(EventLoop loop) {
            onLoop = loop::inLoop;
            return this;
        }

        int pageBytes() {
            return source.pageBytes();
        }

        /**
         * Builds the pool, owned by the caller, who closes it.
         *
         * @throws io.uk4j.core.OutOfMemoryException if the source has not enough memory; nothing was taken
         * @throws IllegalArgumentException if a size class has no room beside its headroom
         */
        public PacketPool build() {
            List<SizeClass> chosen = new ArrayList<>(sizes.isEmpty() ? defaultClasses() : sizes);
            chosen.sort(Comparator.comparingInt(SizeClass::slotBytes));
            if (chosen.getFirst().slotBytes <= headroomBytes) {
                throw new IllegalArgumentException("Slots of " + chosen.getFirst().slotBytes
                        + " bytes have no room beside a headroom of " + headroomBytes + " bytes.");
            }
            return new PacketPool(this, chosen);
        }

        private List<SizeClass> defaultClasses() {
            long large = budgetBytes / 4 / LARGE_SLOT_BYTES;
            long small = (budgetBytes - large * LARGE_SLOT_BYTES) / SMALL_SLOT_BYTES;
            return List.of(
                    new SizeClass(SMALL_SLOT_BYTES, Math.toIntExact(small)),
                    new SizeClass(LARGE_SLOT_BYTES, Math.toIntExact(large)));
        }
    }
}
