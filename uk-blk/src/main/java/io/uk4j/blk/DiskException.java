package io.uk4j.blk;

import io.uk4j.core.UkException;
import org.jspecify.annotations.Nullable;

/** A disk failed to do what it was asked for, or does not hold what was expected on it. */
public final class DiskException extends UkException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates it.
     *
     * @param what what happened, on which disk and where
     * @param allowed what would have been right, or null
     * @param remedy what the reader can do now, or null
     */
    public DiskException(String what, @Nullable String allowed, @Nullable String remedy) {
        super(what, allowed, remedy, null);
    }
}
