package io.uk4j.net.tcpip.util;

import org.jspecify.annotations.Nullable;

/**
 * A bounded map from {@code int} to objects: open addressing, linear probing, at most half full. Nothing is allocated
 * after it is made. The hash is keyed, so that peers who choose the keys cannot aim at one place.
 *
 * <p>Thread rule: loop-owned.
 *
 * @param <V> the values
 */
public final class IntMap<V> {
    private final int limit;
    private final int mask;
    private final int shift;
    private final long multiplier;
    private final int[] keys;
    private final @Nullable Object[] values;
    private int size;

    /**
     * Makes an empty map.
     *
     * @param limit how many entries it takes, 1 to 2^20
     * @param secret random bits that the hash is keyed with
     */
    public IntMap(int limit, long secret) {
        if (limit < 1 || limit > 1 << 20) {
            throw new IllegalArgumentException("A limit of " + limit + " entries is not within 1 and 2^20.");
        }
        int capacity = Integer.highestOneBit(limit * 2 - 1) << 1;
        this.limit = limit;
        mask = capacity - 1;
        shift = Long.numberOfLeadingZeros(capacity) + 1;
        multiplier = secret | 1;
        keys = new int[capacity];
        values = new Object[capacity];
    }

    /** How many entries there are. */
    public int size() {
        return size;
    }

    /** Whether no further entry fits. */
    public boolean isFull() {
        return size == limit;
    }

    /** The value of a key, or null if there is none. */
    @SuppressWarnings("unchecked") // only put writes values
    public @Nullable V get(int key) {
        return (V) values[find(key)];
    }

    /**
     * Adds an entry, or replaces its value.
     *
     * @return false if it is new and the map is full: nothing was changed
     */
    public boolean put(int key, V value) {
        int at = find(key);
        if (values[at] == null) {
            if (size == limit) {
                return false;
            }
            keys[at] = key;
            size++;
        }
        values[at] = value;
        return true;
    }

    /** Takes an entry out; has no effect if it is not there. */
    public void remove(int key) {
        int hole = find(key);
        if (values[hole] == null) {
            return;
        }
        size--;
        // Entries behind move up, so that no probe ends too early; nothing marks a place as once used.
        for (int at = (hole + 1) & mask; values[at] != null; at = (at + 1) & mask) {
            int home = home(keys[at]);
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                keys[hole] = keys[at];
                values[hole] = values[at];
                hole = at;
            }
        }
        values[hole] = null;
    }

    private int find(int key) {
        int at = home(key);
        while (values[at] != null && keys[at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private int home(int key) {
        long mixed = (key ^ (multiplier >>> 32)) * multiplier;
        return (int) ((mixed ^ (mixed << 29)) >>> shift) & mask;
    }
}
