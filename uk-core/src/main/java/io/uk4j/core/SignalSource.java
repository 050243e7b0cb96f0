package io.uk4j.core;

import org.jspecify.annotations.Nullable;

/**
 * A source in software: some other thread (the far end of a memory wire, say) signals it. Every platform's waiter takes
 * it.
 *
 * <p>Thread rule: shared.
 */
public final class SignalSource implements WaitSource {
    private volatile @Nullable Waiter waiter;

    /** Creates a source that no waiter has registered yet. */
    public SignalSource() {}

    /** Ends the wait of the waiter that registered this source, or its next one; has no effect where there is none. */
    public void signal() {
        Waiter current = waiter;
        if (current != null) {
            current.wakeup();
        }
    }

    /**
     * Called by a waiter when it registers this source, and with null when it takes it out.
     *
     * @param newWaiter who is to be woken from now on
     */
    public void attach(@Nullable Waiter newWaiter) {
        waiter = newWaiter;
    }
}
