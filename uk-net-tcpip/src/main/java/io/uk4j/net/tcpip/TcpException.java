package io.uk4j.net.tcpip;

import io.uk4j.core.UkException;
import org.jspecify.annotations.Nullable;

/** Something about TCP could not be had, or was lost. */
public final class TcpException extends UkException {
    private static final long serialVersionUID = 1L;

    /** What it was. */
    public enum Condition {
        /** Somebody listens at that address and port already. */
        ADDRESS_IN_USE,
        /** A bound is reached: connections, ports. */
        NO_RESOURCES,
        /** Nobody listens at the far end. */
        REFUSED,
        /** The far end does not answer. */
        TIMED_OUT,
        /** The far end cannot be reached. */
        UNREACHABLE,
        /** The peer reset the connection. */
        RESET,
        /** This side has closed or aborted the stream, or ended its output. */
        CLOSED,
        /** The calling thread was interrupted while it waited; its interrupt status is set again. */
        INTERRUPTED
    }

    private final Condition condition;

    /**
     * Creates it.
     *
     * @param condition what it was
     * @param what what happened and where
     * @param remedy what the reader can do now, or null
     */
    public TcpException(Condition condition, String what, @Nullable String remedy) {
        super(what, null, remedy, null);
        this.condition = condition;
    }

    /** What it was. */
    public Condition condition() {
        return condition;
    }
}
