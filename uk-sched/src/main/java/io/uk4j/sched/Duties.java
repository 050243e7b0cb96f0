package io.uk4j.sched;

import io.uk4j.core.Duty;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The duties of a loop, in the order of adding. A duty may add and remove any duty while it is polled: an added one is
 * polled from the next round on, a removed one never again. One that throws has done no work.
 */
@SuppressWarnings("ReferenceEquality") // A duty is itself and no other, whatever its equals says.
final class Duties {
    private static final Duty REMOVED = nowNs -> 0;

    private final Consumer<? super Throwable> onFailure;
    private Duty[] duties = new Duty[4];
    private int count;
    private boolean hasGaps;

    Duties(Consumer<? super Throwable> onFailure) {
        this.onFailure = onFailure;
    }

    void add(Duty duty) {
        if (indexOf(duty) >= 0) {
            throw new IllegalArgumentException("This duty was added already: " + duty);
        }
        if (count == duties.length) {
            duties = Arrays.copyOf(duties, 2 * count);
        }
        duties[count++] = duty;
    }

    void remove(Duty duty) {
        int index = indexOf(duty);
        if (index >= 0) {
            duties[index] = REMOVED;
            hasGaps = true;
        }
    }

    int poll(long nowNs) {
        if (hasGaps) {
            closeGaps();
        }
        int work = 0;
        int present = count;
        for (int i = 0; i < present; i++) {
            try {
                work += duties[i].poll(nowNs);
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
        return work;
    }

    boolean arm() {
        boolean hasWork = false;
        int present = count;
        for (int i = 0; i < present; i++) {
            try {
                hasWork |= duties[i].arm();
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
        return hasWork;
    }

    long nextDeadlineNs() {
        long earliestNs = Duty.NO_DEADLINE;
        int present = count;
        for (int i = 0; i < present; i++) {
            try {
                earliestNs = Deadlines.earlier(earliestNs, duties[i].nextDeadlineNs());
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
        return earliestNs;
    }

    private int indexOf(Duty duty) {
        for (int i = 0; i < count; i++) {
            if (duties[i] == duty) {
                return i;
            }
        }
        return -1;
    }

    private void closeGaps() {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (duties[i] != REMOVED) {
                duties[kept++] = duties[i];
            }
        }
        Arrays.fill(duties, kept, count, REMOVED);
        count = kept;
        hasGaps = false;
    }
}
