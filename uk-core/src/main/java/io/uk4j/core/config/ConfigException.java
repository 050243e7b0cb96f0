package io.uk4j.core.config;

import io.uk4j.core.UkException;
import org.jspecify.annotations.Nullable;

/** A configuration is wrong: an unknown key, a value that does not parse or is out of range, a conflict. */
public final class ConfigException extends UkException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param what what happened and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     */
    public ConfigException(String what, @Nullable String allowed, @Nullable String remedy) {
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
    public ConfigException(String what, @Nullable String allowed, @Nullable String remedy, @Nullable Throwable cause) {
        super(what, allowed, remedy, cause);
    }
}
