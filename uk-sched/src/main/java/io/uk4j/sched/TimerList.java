package io.uk4j.sched;

import org.jspecify.annotations.Nullable;

/** A doubly linked list whose nodes are the timers themselves. */
final class TimerList {
    /** Which slot of the wheel this is, or -1 if it is none. */
    final int slot;

    private @Nullable WheelTimer first;
    private @Nullable WheelTimer last;
    private int size;

    TimerList() {
        this(-1);
    }

    TimerList(int slot) {
        this.slot = slot;
    }

    boolean isEmpty() {
        return first == null;
    }

    @Nullable
    WheelTimer first() {
        return first;
    }

    void addLast(WheelTimer timer) {
        insertAfter(last, timer);
    }

    /** From the end, because a timer is seldom due before those that were scheduled earlier. */
    void addSorted(WheelTimer timer) {
        WheelTimer place = last;
        while (place != null && timer.isBefore(place)) {
            place = place.previous;
        }
        insertAfter(place, timer);
    }

    void remove(WheelTimer timer) {
        WheelTimer before = timer.previous;
        WheelTimer after = timer.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        timer.previous = null;
        timer.next = null;
        timer.list = null;
        size--;
    }

    /** Empties this list into a sorted one, all of whose timers are due before those of this one. */
    void sortInto(TimerList target) {
        WheelTimer head = first;
        if (head == null) {
            return;
        }
        WheelTimer timer = sort(head, size);
        first = null;
        last = null;
        size = 0;
        while (timer != null) {
            WheelTimer after = timer.next;
            target.addLast(timer);
            timer = after;
        }
    }

    private void insertAfter(@Nullable WheelTimer place, WheelTimer timer) {
        WheelTimer after = place == null ? first : place.next;
        timer.previous = place;
        timer.next = after;
        if (place == null) {
            first = timer;
        } else {
            place.next = timer;
        }
        if (after == null) {
            last = timer;
        } else {
            after.previous = timer;
        }
        timer.list = this;
        size++;
    }

    /** Merge sort of a chain by {@code next} alone; needs no memory and recurs as deep as the size has bits. */
    private static @Nullable WheelTimer sort(WheelTimer head, int count) {
        if (count == 1) {
            head.next = null;
            return head;
        }
        WheelTimer middle = head;
        for (int i = 0; i < count / 2 && middle.next != null; i++) {
            middle = middle.next;
        }
        // The right half first: the left one's end still points to it.
        WheelTimer right = sort(middle, count - count / 2);
        return merge(sort(head, count / 2), right);
    }

    private static @Nullable WheelTimer merge(@Nullable WheelTimer left, @Nullable WheelTimer right) {
        WheelTimer head = null;
        WheelTimer tail = null;
        while (left != null || right != null) {
            WheelTimer least;
            if (left == null || (right != null && right.isBefore(left))) {
                least = right;
                right = least == null ? null : least.next;
            } else {
                least = left;
                left = left.next;
            }
            if (tail == null) {
                head = least;
            } else {
                tail.next = least;
            }
            tail = least;
        }
        return head;
    }
}
