package io.uk4j.example.keyvalue;

import io.netty.buffer.ByteBuf;
import io.uk4j.blk.Disk;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values: all of them in memory, and each change in the log before it is seen.
 *
 * <p>Thread rule: shared by fibers; they wait for each other.
 */
final class Store {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, String> values = new HashMap<>();
    private final Journal journal;

    /** Opens the store of a disk; as {@link Journal#open}. */
    Store(Disk disk, ByteBuf buffer) {
        journal = Journal.open(disk, buffer, this::apply);
    }

    private void apply(String key, @Nullable String value) {
        if (value == null) {
            values.remove(key);
        } else {
            values.put(key, value);
        }
    }

    /**
     * Puts a value, for good when this returns true.
     *
     * @return false if the disk is full
     */
    boolean put(String key, String value) {
        return change(key, value);
    }

    /**
     * Deletes a key, for good when this returns true.
     *
     * @return false if the disk is full
     */
    boolean delete(String key) {
        return change(key, null);
    }

    private boolean change(String key, @Nullable String value) {
        lock.lock();
        try {
            if (!journal.append(key, value)) {
                return false;
            }
            apply(key, value);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The value of a key, or null. */
    @Nullable
    String get(String key) {
        lock.lock();
        try {
            return values.get(key);
        } finally {
            lock.unlock();
        }
    }

    /** How many keys there are. */
    int size() {
        lock.lock();
        try {
            return values.size();
        } finally {
            lock.unlock();
        }
    }
}
