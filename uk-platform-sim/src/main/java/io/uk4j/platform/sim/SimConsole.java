package io.uk4j.platform.sim;

import io.uk4j.core.Console;
import org.jspecify.annotations.Nullable;

/**
 * A console that keeps what is written to it.
 *
 * <p>Thread rule: shared.
 */
public final class SimConsole implements Console {
    /** How many characters are kept; older ones are forgotten. */
    public static final int KEPT_CHARACTERS = 1 << 20;

    private final StringBuilder written = new StringBuilder();
    private @Nullable Runnable stopAction;

    SimConsole() {}

    @Override
    public synchronized void write(CharSequence text) {
        written.append(text);
        if (written.length() > KEPT_CHARACTERS) {
            written.delete(0, written.length() - KEPT_CHARACTERS);
        }
    }

    @Override
    public synchronized void onStopRequest(Runnable action) {
        stopAction = action;
    }

    /** What was written so far, except what is forgotten. */
    public synchronized String text() {
        return written.toString();
    }

    /** Does what an operator does who ends the appliance: the action of {@link #onStopRequest} runs, once, on this thread. */
    public void requestStop() {
        Runnable action;
        synchronized (this) {
            action = stopAction;
            stopAction = null;
        }
        if (action != null) {
            action.run();
        }
    }
}
