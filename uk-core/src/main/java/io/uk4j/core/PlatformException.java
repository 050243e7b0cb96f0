package io.uk4j.core;

import org.jspecify.annotations.Nullable;

/** The platform could not do what it was asked for: a system call failed, entropy is missing, no platform or several were found. */
public final class PlatformException extends UkException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param what what happened and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     */
    public PlatformException(String what, @Nullable String allowed, @Nullable String remedy) {
        super(what, allowed, remedy, null);
    }

    /**
     * Creates it with a cause.
     *
     * @param what what happened and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     * @param cause what brought it about
     */
    public PlatformException(
            String what, @Nullable String allowed, @Nullable String remedy, @Nullable Throwable cause) {
        super(what, allowed, remedy, cause);
    }
}
