package io.uk4j.blk;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * The configuration keys of the block layer.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class BlkKeys implements KeyProvider {
    /** How many requests a request queue takes. */
    public static final Key<Integer> QUEUE_DEPTH = Key.integer(
                    "uk.blk.queue.depth", 1, 1 << 16, "how many requests a request queue takes before it refuses more")
            .withDefault("256");

    /** How much adjacent requests may be together when they are merged. */
    public static final Key<Long> QUEUE_MERGE = Key.size(
                    "uk.blk.queue.merge",
                    0,
                    1 << 30,
                    "how many bytes adjacent requests may have together when a request queue merges them; 0 merges none")
            .withDefault("512K");

    /** How long a request may wait in a request queue. */
    public static final Key<Duration> QUEUE_TIMEOUT = Key.duration(
                    "uk.blk.queue.timeout",
                    Duration.ofMillis(1),
                    Duration.ofHours(1),
                    "how long a request may be in a request queue; after that it fails, unless the device has it")
            .withDefault("30s");

    /** How often a request is tried again. */
    public static final Key<Integer> QUEUE_RETRIES = Key.integer(
                    "uk.blk.queue.retries", 0, 100, "how often a read or a write that failed is tried again")
            .withDefault("3");

    /** How long to wait before the first retry. */
    public static final Key<Duration> QUEUE_RETRY_DELAY = Key.duration(
                    "uk.blk.queue.retry.delay",
                    Duration.ZERO,
                    Duration.ofMinutes(1),
                    "how long a request queue waits before it tries again; twice as long each time")
            .withDefault("10ms");

    /** How much memory a write-back cache has. */
    public static final Key<Long> CACHE_BYTES = Key.size(
                    "uk.blk.cache.bytes", 64 << 10, 1L << 40, "how much memory a write-back cache holds blocks in")
            .withDefault("16M");

    /** How much of a write-back cache may be newer than the disk. */
    public static final Key<Integer> CACHE_DIRTY = Key.integer(
                    "uk.blk.cache.dirty",
                    1,
                    100,
                    "how many percent of a write-back cache may be newer than the disk; writes wait beyond that")
            .withDefault("50");

    /** How long a block may stay newer than the disk. */
    public static final Key<Duration> CACHE_AGE = Key.duration(
                    "uk.blk.cache.age",
                    Duration.ofMillis(1),
                    Duration.ofHours(1),
                    "how long a block of a write-back cache may be newer than the disk before it is written by itself")
            .withDefault("5s");

    /** Called by {@link java.util.ServiceLoader}. */
    public BlkKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(
                QUEUE_DEPTH,
                QUEUE_MERGE,
                QUEUE_TIMEOUT,
                QUEUE_RETRIES,
                QUEUE_RETRY_DELAY,
                CACHE_BYTES,
                CACHE_DIRTY,
                CACHE_AGE);
    }
}
