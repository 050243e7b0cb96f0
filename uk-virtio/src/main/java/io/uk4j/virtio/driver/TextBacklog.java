package io.uk4j.virtio.driver;

import io.uk4j.core.metrics.Counter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntPredicate;

/**
 * A bounded row of bytes of text that waits for a console.
 *
 * <p>Thread rule: shared. Nothing is called from within that could wait or log, so that whoever logs may write.
 */
final class TextBacklog {
    static final int LIMIT_BYTES = 1 << 16;

    private final Counter written;
    private final Counter dropped;
    private final byte[] bytes = new byte[LIMIT_BYTES];
    private int first;
    private int count;
    private long appends;

    TextBacklog(Counter written, Counter dropped) {
        this.written = written;
        this.dropped = dropped;
    }

    synchronized int size() {
        return count;
    }

    /** How often text was added, so that one who looks twice sees whether it was in between. */
    synchronized long appends() {
        return appends;
    }

    /** Adds text, as much as there is room for, up to the end of a character; the rest is dropped and counted. */
    synchronized void append(byte[] utf8) {
        int taken = Math.min(utf8.length, LIMIT_BYTES - count);
        while (taken > 0 && taken < utf8.length && (utf8[taken] & 0xc0) == 0x80) {
            taken--;
        }
        int at = (first + count) % LIMIT_BYTES;
        int part = Math.min(taken, LIMIT_BYTES - at);
        System.arraycopy(utf8, 0, bytes, at, part);
        System.arraycopy(utf8, part, bytes, 0, taken - part);
        count += taken;
        appends++;
        written.add(taken);
        dropped.add(utf8.length - taken);
    }

    /** Moves as much as there is, and as fits, into memory of a device; returns how much. */
    synchronized int take(MemorySegment into, long at, int limitBytes) {
        int taken = Math.min(count, limitBytes);
        int part = Math.min(taken, LIMIT_BYTES - first);
        MemorySegment.copy(bytes, first, into, ValueLayout.JAVA_BYTE, at, part);
        MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, at + part, taken - part);
        skip(taken);
        return taken;
    }

    /** Hands out one byte after the other, until the taker returns false or there are no more; returns how many it took. */
    synchronized int drain(int limitBytes, IntPredicate taker) {
        int taken = 0;
        while (taken < limitBytes && count > 0 && taker.test(bytes[first] & 0xff)) {
            skip(1);
            taken++;
        }
        return taken;
    }

    private void skip(int bytesTaken) {
        first = (first + bytesTaken) % LIMIT_BYTES;
        count -= bytesTaken;
    }

    /** Drops all of it, and so many bytes more that were taken before. */
    synchronized void drop(int more) {
        dropped.add(count + more);
        count = 0;
    }
}
