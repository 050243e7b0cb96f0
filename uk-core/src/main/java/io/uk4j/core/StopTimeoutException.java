package io.uk4j.core;

import org.jspecify.annotations.Nullable;

/** An appliance could not be stopped in the time that it has for it; the message says what hangs, and where. */
public final class StopTimeoutException extends UkException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param what what happened and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     */
    public StopTimeoutException(String what, @Nullable String allowed, @Nullable String remedy) {
        super(what, allowed, remedy, null);
    }
}
