package io.uk4j.sched;

import io.uk4j.core.Duty;

/** Comparing times. The clock's origin is arbitrary, so two of them compare by their difference; no deadline is after all. */
final class Deadlines {
    private Deadlines() {}

    static boolean isBefore(long aNs, long bNs) {
        if (aNs == Duty.NO_DEADLINE || bNs == Duty.NO_DEADLINE) {
            return aNs != bNs && bNs == Duty.NO_DEADLINE;
        }
        return aNs - bNs < 0;
    }

    static boolean isReached(long deadlineNs, long nowNs) {
        return deadlineNs != Duty.NO_DEADLINE && deadlineNs - nowNs <= 0;
    }

    static long earlier(long aNs, long bNs) {
        return isBefore(bNs, aNs) ? bNs : aNs;
    }
}
