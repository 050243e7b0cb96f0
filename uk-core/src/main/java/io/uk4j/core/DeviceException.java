package io.uk4j.core;

import org.jspecify.annotations.Nullable;

/** A device could not be opened, or misbehaves in a way that it cannot recover from. */
public final class DeviceException extends UkException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param what what happened and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     */
    public DeviceException(String what, @Nullable String allowed, @Nullable String remedy) {
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
    public DeviceException(String what, @Nullable String allowed, @Nullable String remedy, @Nullable Throwable cause) {
        super(what, allowed, remedy, cause);
    }
}
