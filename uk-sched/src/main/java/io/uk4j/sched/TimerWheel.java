package io.uk4j.sched;

import io.uk4j.core.Duty;
import java.util.function.Consumer;

/**
 * A hierarchical timer wheel. Level 0 has 64 slots of one tick each, every further level 64 slots that are each as long as
 * the whole level below; a timer sits at the level of the highest digit (to base 64) in which its tick differs from the
 * present one, and is put one level or more down when that digit's turn has come. So scheduling and cancelling take
 * constant time (but for timers of the present tick, which are sorted in), a timer moves a few times in its life, and
 * nothing but the timer itself is ever allocated.
 *
 * <p>The tick is only the grain of the slots. Once the present tick reaches a slot of level 0, its timers are sorted and
 * fire in the order of their deadlines, exactly when due; equal deadlines fire in the order of scheduling.
 *
 * <p>All timers of the lowest level in use are due before all those of the next, and within a level by slot, so a bitmap
 * of levels and one of slots find the next deadline in a few steps. Eleven levels cover all values of a {@code long}.
 *
 * <p>Thread rule: loop-owned.
 */
final class TimerWheel {
    private static final int DIGIT_BITS = 6;
    private static final int SLOTS = 1 << DIGIT_BITS;
    private static final int LEVELS = (Long.SIZE + DIGIT_BITS - 1) / DIGIT_BITS;

    private final long originNs;
    private final long tickNs;
    private final TimerList[] slots = new TimerList[LEVELS * SLOTS];

    /** No timer of the slot is due before; it may be too low after a cancellation, never too high. */
    private final long[] slotEarliestNs = new long[LEVELS * SLOTS];

    private final long[] slotsInUse = new long[LEVELS];
    private int levelsInUse;

    /** The timers of the present tick and of those before it that have not fired yet, sorted. */
    private final TimerList current = new TimerList();

    /** What fires in the round under way. Separate, so that what an action schedules waits for the next round. */
    private final TimerList due = new TimerList();

    private long currentTick;
    private long sequence;
    private int scheduledCount;

    TimerWheel(long nowNs, long tickNs) {
        if (tickNs <= 0) {
            throw new IllegalArgumentException("A tick of " + tickNs + " ns");
        }
        this.originNs = nowNs;
        this.tickNs = tickNs;
        for (int slot = 0; slot < slots.length; slot++) {
            slots[slot] = new TimerList(slot);
        }
    }

    WheelTimer newTimer(Runnable action) {
        return new WheelTimer(this, action);
    }

    int scheduledCount() {
        return scheduledCount;
    }

    void schedule(WheelTimer timer, long deadlineNs) {
        cancel(timer);
        timer.deadlineNs = deadlineNs;
        timer.sequence = sequence++;
        scheduledCount++;
        insert(timer);
    }

    void cancel(WheelTimer timer) {
        TimerList list = timer.list;
        if (list != null) {
            list.remove(timer);
            scheduledCount--;
            if (list.isEmpty() && list.slot >= 0) {
                markEmpty(list.slot);
            }
        }
    }

    /**
     * Fires what is due.
     *
     * @param limit how many timers at most; the others are due in the next round
     * @param onFailure told what an action threw
     * @return how many fired
     */
    int fire(long nowNs, int limit, Consumer<? super Throwable> onFailure) {
        if (!Deadlines.isReached(nextDeadlineNs(), nowNs)) {
            return 0;
        }
        moveTo(tickOf(nowNs));
        int count = 0;
        for (WheelTimer timer = current.first();
                timer != null && count < limit && Deadlines.isReached(timer.deadlineNs, nowNs);
                timer = current.first()) {
            current.remove(timer);
            due.addLast(timer);
            count++;
        }
        int fired = 0;
        for (WheelTimer timer = due.first(); timer != null; timer = due.first()) {
            due.remove(timer);
            scheduledCount--;
            fired++;
            try {
                timer.action.run();
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
        return fired;
    }

    /** Not later than the earliest deadline, and equal to it unless the earliest timer of a slot was cancelled. */
    long nextDeadlineNs() {
        WheelTimer first = current.first();
        if (first != null) {
            return first.deadlineNs;
        }
        if (levelsInUse == 0) {
            return Duty.NO_DEADLINE;
        }
        return slotEarliestNs[firstSlot(Integer.numberOfTrailingZeros(levelsInUse))];
    }

    private int firstSlot(int level) {
        return level * SLOTS + Long.numberOfTrailingZeros(slotsInUse[level]);
    }

    private void insert(WheelTimer timer) {
        long tick = tickOf(timer.deadlineNs);
        if (tick <= currentTick) {
            current.addSorted(timer);
            return;
        }
        int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros(tick ^ currentTick)) / DIGIT_BITS;
        int digit = (int) (tick >>> (level * DIGIT_BITS)) & (SLOTS - 1);
        int slot = level * SLOTS + digit;
        TimerList list = slots[slot];
        if (list.isEmpty() || Deadlines.isBefore(timer.deadlineNs, slotEarliestNs[slot])) {
            slotEarliestNs[slot] = timer.deadlineNs;
        }
        list.addLast(timer);
        slotsInUse[level] |= 1L << digit;
        levelsInUse |= 1 << level;
    }

    private long tickOf(long deadlineNs) {
        // NO_DEADLINE is no point in time, so its difference to one says nothing.
        return deadlineNs == Duty.NO_DEADLINE ? Long.MAX_VALUE : Math.floorDiv(deadlineNs - originNs, tickNs);
    }

    private void markEmpty(int slot) {
        int level = slot / SLOTS;
        slotsInUse[level] &= ~(1L << (slot % SLOTS));
        if (slotsInUse[level] == 0) {
            levelsInUse &= ~(1 << level);
        }
    }

    /** Goes from slot in use to slot in use, never from tick to tick: a long sleep costs no more than a short one. */
    private void moveTo(long tick) {
        while (levelsInUse != 0) {
            int level = Integer.numberOfTrailingZeros(levelsInUse);
            int slot = firstSlot(level);
            long slotTick = firstTick(level, slot % SLOTS);
            if (slotTick > tick) {
                break;
            }
            currentTick = slotTick;
            TimerList list = slots[slot];
            markEmpty(slot);
            if (level == 0) {
                list.sortInto(current);
            } else {
                for (WheelTimer timer = list.first(); timer != null; timer = list.first()) {
                    list.remove(timer);
                    insert(timer);
                }
            }
        }
        currentTick = Math.max(currentTick, tick);
    }

    /** The digits above the level are those of the present tick, those below are 0. */
    private long firstTick(int level, int digit) {
        int shift = level * DIGIT_BITS;
        int aboveShift = shift + DIGIT_BITS;
        long above = aboveShift >= Long.SIZE ? 0 : (currentTick >>> aboveShift) << aboveShift;
        return above | ((long) digit << shift);
    }
}
