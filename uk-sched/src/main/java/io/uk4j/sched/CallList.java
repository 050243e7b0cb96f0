package io.uk4j.sched;

import org.jspecify.annotations.Nullable;

/** The calls that wait on a loop, so that its end can end them too. */
@SuppressWarnings("ReferenceEquality") // A call is itself and no other.
final class CallList {
    private @Nullable LoopCall first;

    /** Has no effect if it is in already. */
    void add(LoopCall call) {
        if (contains(call)) {
            return;
        }
        LoopCall head = first;
        call.next = head;
        if (head != null) {
            head.previous = call;
        }
        first = call;
    }

    /** Has no effect if it is not in. */
    void remove(LoopCall call) {
        if (!contains(call)) {
            return;
        }
        LoopCall before = call.previous;
        LoopCall after = call.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        call.previous = null;
        call.next = null;
    }

    @Nullable
    LoopCall first() {
        return first;
    }

    private boolean contains(LoopCall call) {
        return call.previous != null || first == call;
    }
}
