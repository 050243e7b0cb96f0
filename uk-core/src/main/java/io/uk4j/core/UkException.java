package io.uk4j.core;

import org.jspecify.annotations.Nullable;

/**
 * The root of all failures that the world causes: configuration, devices, the host, the hypervisor. Misuse by code is an
 * {@link IllegalArgumentException} or {@link IllegalStateException} instead; expected outcomes are return values.
 *
 * <p>The message has up to three lines: what happened and where; what is allowed; and, after {@code Try:}, what to do.
 */
public abstract class UkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Puts the lines together.
     *
     * @param what what happened and where: the key, its value and origin, the device, the address
     * @param allowed what would have been right, or null if there is nothing to say
     * @param remedy what the reader can do now (a command, a setting), or null if there is nothing to say
     * @param cause what brought it about, or null
     */
    protected UkException(String what, @Nullable String allowed, @Nullable String remedy, @Nullable Throwable cause) {
        super(lines(what, allowed, remedy), cause);
    }

    private static String lines(String what, @Nullable String allowed, @Nullable String remedy) {
        StringBuilder text = new StringBuilder(what);
        if (allowed != null) {
            text.append('\n').append(allowed);
        }
        if (remedy != null) {
            text.append("\nTry: ").append(remedy);
        }
        return text.toString();
    }
}
