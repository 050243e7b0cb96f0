package io.uk4j.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The event suppression structures of a packed queue (VIRTIO 1.3, section 2.8.10): by its own one a side asks for notifications,
 * by the other one it is asked for them.
 */
final class PackedEvents {
    /** Any descriptor, none, or the one that is named; 3 is reserved. */
    static final int ENABLE = 0;

    static final int DISABLE = 1;
    static final int DESCRIPTOR = 2;

    private static final int FLAGS = 2;
    private static final int WRAP = 1 << 15;

    private final int size;
    private final boolean eventIdx;
    private final MemorySegment own;
    private final long ownAt;
    private final MemorySegment other;
    private final long otherAt;

    /** How many descriptors were shown since the other side was last asked; more than twice the size say no more. */
    private int shown;

    PackedEvents(int size, boolean eventIdx, MemorySegment own, long ownAt, MemorySegment other, long otherAt) {
        this.size = size;
        this.eventIdx = eventIdx;
        this.own = own;
        this.ownAt = ownAt;
        this.other = other;
        this.otherAt = otherAt;
    }

    /** Asks for no notification. */
    void disable() {
        Ring.opaque(own, ownAt + FLAGS, DISABLE);
    }

    /** Asks for a notification once the descriptor at a place is shown; the caller looks after that whether it is there already. */
    void enable(int place) {
        if (eventIdx) {
            Ring.opaque(own, ownAt, place < size ? place | WRAP : place - size);
            // Who sees that a descriptor is named sees which one.
            Ring.release(own, ownAt + FLAGS, DESCRIPTOR);
        } else {
            Ring.opaque(own, ownAt + FLAGS, ENABLE);
        }
        // The request must be visible before it is looked whether it came too late (section 2.8.22).
        VarHandle.fullFence();
    }

    /** Counts descriptors that the other side sees now. */
    void shown(int descriptors) {
        shown = Math.min(shown + descriptors, 2 * size);
    }

    /**
     * Whether the other side wants a notification of what was shown since the last call.
     *
     * @param upTo the place behind what was shown last
     */
    boolean wanted(int upTo) {
        int fresh = shown;
        if (fresh == 0) {
            return false;
        }
        shown = 0;
        // The flags must be visible before it is looked whether the other side sleeps (section 2.8.21.3.1).
        VarHandle.fullFence();
        int flags = Ring.acquire(other, otherAt + FLAGS) & 3;
        // What is reserved or was not agreed on asks for a notification: one too many does no harm.
        return (flags == DESCRIPTOR && eventIdx) ? passes(upTo, fresh) : flags != DISABLE;
    }

    private boolean passes(int upTo, int fresh) {
        int event = Ring.opaque(other, otherAt);
        int place = (event & WRAP) != 0 ? event & ~WRAP : event + size;
        int behind = upTo - place - 1;
        return (behind < 0 ? behind + 2 * size : behind) < fresh;
    }

    void reset() {
        shown = 0;
    }
}
