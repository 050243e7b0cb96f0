package io.uk4j.platform.unix;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The agreement between one sleeper and those who wake it: a wake-up is never lost, and costs a system call only while
 * the sleeper sleeps or is about to.
 *
 * <p>Thread rule: {@link #wake} is shared, the rest is the sleeper's.
 */
final class WakeState {
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int WOKEN = 2;

    private final AtomicInteger state = new AtomicInteger(AWAKE);

    /**
     * Announces a sleep.
     *
     * @return false if a wake-up came before: it is consumed, and the sleeper stays awake
     */
    boolean tryFallAsleep() {
        if (state.compareAndSet(AWAKE, ASLEEP)) {
            return true;
        }
        state.set(AWAKE);
        return false;
    }

    /**
     * Ends a sleep, or only looks where there was none.
     *
     * @return whether a wake-up came; it is consumed
     */
    boolean wakeUp() {
        return state.getAndSet(AWAKE) == WOKEN;
    }

    /** Whether a wake-up came that nobody has consumed. */
    boolean isWoken() {
        return state.get() == WOKEN;
    }

    /**
     * Leaves a wake-up.
     *
     * <p>It always exchanges, and never only looks whether one is there already: the exchange is what orders the caller's
     * earlier writes (a task put into an inbox, say) before it.
     *
     * @return whether the sleeper sleeps, so that the caller has to rouse it
     */
    boolean wake() {
        return state.getAndSet(WOKEN) == ASLEEP;
    }
}
