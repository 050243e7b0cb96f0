package io.uk4j.platform.sim;

import io.uk4j.core.Duty;

/** Frames on their way, the next to arrive first: a binary heap over their times, then over the order of sending. */
final class InFlight {
    private final FrameSlot[] heap;
    private int size;
    private long nextOrder;

    InFlight(int limit) {
        heap = new FrameSlot[limit];
    }

    int size() {
        return size;
    }

    /** When the next one arrives, or {@link Duty#NO_DEADLINE}. */
    long nextNs() {
        return size == 0 ? Duty.NO_DEADLINE : heap[0].dueNs;
    }

    void add(FrameSlot slot) {
        slot.order = nextOrder++;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (before(heap[parent], slot)) {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = slot;
    }

    /** Takes out the next one to arrive; there is one. */
    FrameSlot remove() {
        FrameSlot first = heap[0];
        FrameSlot last = heap[--size];
        int at = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (before(last, heap[child])) {
                break;
            }
            heap[at] = heap[child];
            at = child;
            child = 2 * at + 1;
        }
        heap[at] = last;
        return first;
    }

    private static boolean before(FrameSlot a, FrameSlot b) {
        return a.dueNs != b.dueNs ? a.dueNs < b.dueNs : a.order < b.order;
    }
}
