package io.uk4j.sched;

import io.uk4j.core.UkException;

/** What was asked of a loop cannot be done any more, because the loop has ended. */
public final class LoopEndedException extends UkException {
    private static final long serialVersionUID = 1L;

    LoopEndedException(String loop) {
        super("The loop " + loop + " has ended.", null, null, null);
    }
}
