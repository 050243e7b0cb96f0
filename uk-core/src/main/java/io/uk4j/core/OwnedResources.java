package io.uk4j.core;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an appliance closes when it stops. Shared. */
final class OwnedResources {
    private static final Logger LOG = LoggerFactory.getLogger(OwnedResources.class);

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private boolean isClosing;
    private volatile @Nullable AutoCloseable closing;

    void add(AutoCloseable resource) {
        synchronized (this) {
            if (!isClosing) {
                resources.push(resource);
                return;
            }
        }
        closeNow(resource);
        throw new IllegalStateException("The appliance is closing: it takes no more resources, and closed this one.");
    }

    /**
     * Closes everything, the latest first. Only the first call has an effect, and it alone waits for the end.
     *
     * @return whether this was the first call
     */
    boolean closeAll() {
        synchronized (this) {
            if (isClosing) {
                return false;
            }
            isClosing = true;
        }
        resources.forEach(this::closeNow);
        return true;
    }

    /** What is being closed right now. */
    @Nullable
    AutoCloseable closing() {
        return closing;
    }

    /** Closes one resource; that it fails to is logged. */
    void closeNow(AutoCloseable resource) {
        closing = resource;
        try {
            resource.close();
        } catch (Exception | Error e) {
            LOG.error("{} failed to close", resource.getClass().getName(), e);
        }
        closing = null;
    }
}
